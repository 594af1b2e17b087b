import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Log } from './log.js'

export interface TrackedRequests {
  readonly handler: RequestListener
  /** From now on connections are not kept: whoever asks again connects anew, to another instance. */
  readonly beginDraining: () => void
  /** Resolves when no request is under way. */
  readonly idle: () => Promise<void>
}

/** Wraps a request handler so that it can be brought to rest. */
export function trackRequests(handler: RequestListener): TrackedRequests {
  const underWay = new Set<ServerResponse>()
  let isDraining = false
  let whenIdle: (() => void) | undefined

  return {
    handler(request, response) {
      underWay.add(response)
      if (isDraining) response.setHeader('Connection', 'close')
      response.once('close', () => {
        underWay.delete(response)
        if (underWay.size === 0) whenIdle?.()
      })
      handler(request, response)
    },
    beginDraining() {
      isDraining = true
      for (const response of underWay) {
        if (isEventStream(response)) response.end()
        else if (!response.headersSent) response.setHeader('Connection', 'close')
      }
    },
    async idle() {
      if (underWay.size > 0) await new Promise<void>((resolve) => (whenIdle = resolve))
    },
  }
}

export interface Draining {
  readonly servers: readonly Server[]
  readonly requests: TrackedRequests
  readonly service: { drain?: () => Promise<void> | void; stop?: () => Promise<void> | void }
  readonly log: Log
  /** How long requests under way may take. @default 10_000 */
  readonly deadlineMs?: number
}

/** Brings a service to rest: nothing new, event streams ended, the rest finished or cut off, then `stop`. */
export async function drain({
  servers,
  requests,
  service,
  log,
  deadlineMs = 10_000,
}: Draining): Promise<void> {
  log.info('service.draining')
  for (const server of servers) server.close()
  requests.beginDraining()
  await service.drain?.()
  for (const server of servers) server.closeIdleConnections()

  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs)
  })
  if ((await Promise.race([requests.idle(), deadline])) === 'late') {
    log.warn('service.requests-cut-off', { deadlineMs })
  }
  clearTimeout(timer)
  for (const server of servers) server.closeAllConnections()
  await service.stop?.()
  log.info('service.stopped')
}

const isEventStream = (response: ServerResponse) =>
  String(response.getHeader('Content-Type') ?? '').startsWith('text/event-stream')
