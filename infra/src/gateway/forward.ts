import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import { createProxyServer } from 'httpxy'
import { cleanHeaders } from './clean-headers.js'

export interface Forwarder {
  /** Resolves when the answer was passed on. @throws {UpstreamDown} while the answer has not begun */
  web(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** The same for a connection that becomes something else, a WebSocket. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
}

/** No instance took the request, or the one that did went away before it answered. */
export class UpstreamDown extends Error {}

/**
 * Passes requests on to the instances of one service, in turns.
 *
 * An instance that refuses the connection is skipped, as long as nothing was sent: the body is only read
 * once there is a connection, so any method may go to the next one. A request that reached an instance is not
 * repeated, except for one without effects that met a kept connection in the moment of its closing.
 */
export function createForwarder(instances: readonly URL[]): Forwarder {
  const proxy = createProxyServer()
  const sent = new WeakMap<IncomingMessage, Sending>()
  // httpxy's own agent has 256 connections for all: as many open event streams, and nothing else passes.
  const agent = new Agent({ keepAlive: true })
  let turn = 0

  proxy.on('proxyReq', (upstream, req) => {
    const sending = sent.get(req)
    const { socket } = upstream
    if (sending === undefined || socket === null) return
    sending.isReused = upstream.reusedSocket
    const begin = () => {
      sending.hasBegun = true
      req.pipe(sending.body)
    }
    if (socket.connecting) socket.once('connect', begin)
    else begin()
  })
  proxy.on('proxyRes', (answer, _req, res) => {
    // Whether this connection is kept is between the browser and us.
    delete answer.headers.connection
    delete answer.headers['keep-alive']
    // A stream's first event may be minutes away: the browser has to know now that it is open.
    if (answer.headers['content-type']?.startsWith('text/event-stream'))
      setImmediate(() => res.flushHeaders())
  })

  const inTurn = () => {
    const first = turn++ % instances.length
    return [...instances.slice(first), ...instances.slice(0, first)]
  }

  async function tryOnce(req: IncomingMessage, res: ServerResponse, target: URL): Promise<Outcome> {
    const sending: Sending = { body: new PassThrough(), hasBegun: false, isReused: false }
    sent.set(req, sending)
    try {
      await proxy.web(req, res, { target, agent, buffer: sending.body })
      return { type: 'answered' }
    } catch (cause) {
      if (res.headersSent || res.destroyed) return { type: 'broken', cause }
      const metAClosingOne = sending.isReused && EFFECTLESS.has(req.method ?? '')
      return { type: sending.hasBegun && !metAClosingOne ? 'lost' : 'refused', cause }
    }
  }

  return {
    async web(req, res) {
      cleanHeaders(req)
      let last: unknown
      // The first once more at the end: it may have been a closing connection, and be the only instance.
      const [first, ...others] = inTurn()
      for (const target of [first, ...others, first]) {
        if (target === undefined) break
        const outcome = await tryOnce(req, res, target)
        if (outcome.type === 'answered') return
        if (outcome.type === 'broken') return void res.destroy()
        last = outcome.cause
        if (outcome.type === 'lost') break
      }
      throw new UpstreamDown('no instance answered', { cause: last })
    },
    async upgrade(req, socket, head) {
      if (!(socket instanceof Socket)) throw new TypeError('an upgrade on what is no connection')
      cleanHeaders(req)
      const [target] = inTurn()
      if (target === undefined) throw new UpstreamDown('there is no instance')
      try {
        await proxy.ws(req, socket, { target, agent: false }, head)
      } catch (cause) {
        throw new UpstreamDown('the instance did not answer', { cause })
      }
    },
  }
}

interface Sending {
  /** The request's body, which flows from the moment there is a connection. */
  readonly body: PassThrough
  hasBegun: boolean
  isReused: boolean
}

type Outcome =
  | { readonly type: 'answered' }
  /** Nothing of it reached an instance. */
  | { readonly type: 'refused'; readonly cause: unknown }
  /** An instance has it, or a part of it, and said nothing. */
  | { readonly type: 'lost'; readonly cause: unknown }
  /** It ended in the middle of the answer, or the browser went away. */
  | { readonly type: 'broken'; readonly cause: unknown }

const EFFECTLESS = new Set(['GET', 'HEAD', 'OPTIONS'])
