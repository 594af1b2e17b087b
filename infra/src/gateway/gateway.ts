import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  CORRELATION_HEADER,
  correlate,
  type Log,
  respondWithErrors,
  ServiceError,
  securityHeaders,
  serveAssets,
} from '@curfew/service'
import Koa from 'koa'
import { createForwarder, UpstreamDown } from './forward.js'
import { routeOf, type ServiceName } from './route.js'

export interface GatewayOptions {
  readonly instances: Readonly<Record<ServiceName, readonly URL[]>>
  readonly publicUrl: URL
  readonly log: Log
}

const ASSETS = '/gateway/assets'

/** One domain in front of all services: by the path's prefix, without a look at what is in the request. */
export function createGateway({ instances, publicUrl, log }: GatewayOptions) {
  const forwarders = {
    identity: createForwarder(instances.identity),
    projects: createForwarder(instances.projects),
    events: createForwarder(instances.events),
  }

  const protect = securityHeaders(publicUrl)
  const app = new Koa()
  app.use(correlate())
  app.use(async function protectOwnAnswers(ctx, next) {
    await next()
    // The services' answers carry their own headers, and get no others from here.
    if (ctx.respond !== false) await protect(ctx, async () => {})
  })
  app.use(respondWithErrors(log, { assets: ASSETS, publicUrl }))
  app.use(async function refuseAmbiguous(ctx, next) {
    // Before anything asks for `ctx.path`, which throws for some of them.
    if (routeOf(ctx.req.url ?? '') === 'ambiguous')
      throw new ServiceError('bad-request', 'The address can be read in two ways.')
    await next()
  })
  app.use(serveAssets(ASSETS))
  app.use(async function forward(ctx) {
    const route = routeOf(ctx.req.url ?? '')
    if (route === 'closed' || route === 'ambiguous')
      throw new ServiceError('not-found', 'There is nothing at this address.')
    ctx.req.headers[CORRELATION_HEADER.toLowerCase()] = ctx.state.correlationId
    try {
      await forwarders[route].web(ctx.req, ctx.res)
      ctx.respond = false
    } catch (error) {
      throw error instanceof UpstreamDown ? unavailable(route, error) : error
    }
  })

  function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node takes its own listener off an upgraded connection: a reset would end the process.
    socket.on('error', () => socket.destroy())
    const route = routeOf(req.url ?? '')
    if (route === 'closed' || route === 'ambiguous') {
      refuse(socket, '404 Not Found')
      return
    }
    forwarders[route].upgrade(req, socket, head).catch((error: unknown) => {
      log.warn('upgrade.failed', { route, error })
      refuse(socket, '503 Service Unavailable')
    })
  }

  return { app, upgrade }
}

const unavailable = (service: ServiceName, cause: Error) =>
  new ServiceError(
    'unavailable',
    `The part of Curfew that answers here (${service}) can’t be reached. Nobody was signed out: try again in a moment.`,
    { service },
    { cause },
  )

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
