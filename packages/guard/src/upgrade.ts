import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { problem, provesSameOrigin, type SessionRecord } from '@curfew/contract'
import type { Guard } from './guard.js'
import { headerOf } from './navigation.js'
import { type Refusal, refusal, refuseCaller, refuseRole } from './refusal.js'
import { SessionEnded } from './session-ended.js'
import type { Decision } from './session-lookup.js'

/** Who opened a socket, and whether they still may use it. */
export interface SocketCaller {
  readonly session: SessionRecord
  /** Every message, in or out, is a decision of its own: ask before each. */
  mayDeliver(): boolean
  /**
   * Aborted with a `SessionEnded` when the session is signed off, before that is confirmed, or ends.
   * The socket is destroyed right after: a listener can say a last word, like a WebSocket's close frame.
   */
  readonly signal: AbortSignal
}

export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  caller: SocketCaller,
) => void

/**
 * A listener for `upgrade` of node:http that hands only sockets of signed-in callers to yours, and only
 * such that our own pages opened: browsers send the cookie with any page's handshake. All others are
 * answered, and closed. A sign-off closes the socket in the same step in which memory is dropped.
 *
 * A program that is no browser proves itself by the header `X-Curfew`, as in every request that changes
 * something.
 *
 * @example server.on('upgrade', requireSession(guard, (request, socket, head, caller) => {
 *   webSockets.handleUpgrade(request, socket, head, (webSocket) => chat(webSocket, caller))
 * }))
 * @see RFC 6455 section 4.2.2, and section 10.2 about `Origin`
 */
export function requireSession(guard: Guard, handler: UpgradeHandler) {
  return function requireSession(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Nobody else listens yet, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy())
    const decision = isOurs(request, guard.publicUrl) ? guard.decide(request.headers.cookie) : 'foreign'
    // From memory there is no promise to wait for.
    if (!(decision instanceof Promise)) proceed(decision)
    // What the handler throws reaches nobody from here, and would end the process.
    else decision.then(proceed).catch(() => socket.destroy())

    function proceed(decided: Decision | 'foreign'): void {
      if (!socket.readable || !socket.writable) socket.destroy()
      else if (decided === 'foreign') answer(socket, originNotProven(guard.publicUrl))
      else if (decided.kind !== 'session') answer(socket, refuseCaller(decided, guard.publicUrl, null))
      else handler(request, socket, head, tie(guard, socket, decided.session))
    }
  }
}

/** Hands only sockets of callers to yours who have one of the roles. Put it inside `requireSession`. */
export function requireRole(roles: string | readonly string[], handler: UpgradeHandler): UpgradeHandler {
  return function requireRole(request, socket, head, caller) {
    const refusal = refuseRole(caller.session, roles)
    if (refusal === null) handler(request, socket, head, caller)
    else answer(socket, refusal)
  }
}

/** Lets the socket live no longer than its session. */
function tie(guard: Guard, socket: Duplex, session: SessionRecord): SocketCaller {
  const controller = new AbortController()
  const { mayDeliver, release } = guard.hold(session, (end) => {
    controller.abort(new SessionEnded(end))
    socket.destroy()
  })
  socket.once('close', release)
  return { session, mayDeliver, signal: controller.signal }
}

function isOurs(request: IncomingMessage, publicUrl: URL): boolean {
  const [origin, fetchSite, marker] = ['origin', 'sec-fetch-site', 'x-curfew'].map((name) =>
    headerOf(request, name),
  )
  return provesSameOrigin({ origin, fetchSite, marker }, publicUrl)
}

function originNotProven({ origin }: URL): Refusal {
  return refusal(
    problem(
      'origin-not-proven',
      `Only pages of ${origin} can open this. A program that is no browser sends an X-Curfew header.`,
    ),
  )
}

/** As a server answers that knows no upgrade: a whole response, then the end. */
function answer(socket: Duplex, { status, headers, contentType, body }: Refusal): void {
  const lines = Object.entries({
    ...headers,
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    Date: new Date().toUTCString(),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
}
