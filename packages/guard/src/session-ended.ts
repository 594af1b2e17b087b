import type { Problem } from '@curfew/contract'
import { responseOf } from './fetch-refusal.js'
import type { HoldEnd } from './held-connections.js'
import { refuseEnded } from './refusal.js'

/**
 * The session that some work was begun under has ended: the `reason` of its aborted signal. Thrown out of a
 * handler it is no crash: it says how its caller is to be answered, where each framework looks for that.
 */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded'
  readonly code = 'SESSION_ENDED'
  /** `recheck`: memory was emptied, and the session is gone by now or can't be looked up. */
  readonly reason: HoldEnd
  /** 401: sign in again. 503 for `recheck`: nobody may have been signed off. */
  readonly status: 401 | 503
  /** `WWW-Authenticate` or `Retry-After`, and that nothing is cached. Koa, Express and Fastify send them. */
  readonly headers: Readonly<Record<string, string>>
  /** What the caller is told (RFC 9457), for an error handler that answers it as JSON. */
  readonly problem: Problem
  /** The message may be shown to the caller. */
  readonly expose = true

  constructor(reason: HoldEnd) {
    super(reason === 'recheck' ? 'The session has to be looked at anew.' : 'The session has ended.')
    const { headers, problem } = refuseEnded(reason)
    this.reason = reason
    this.status = reason === 'recheck' ? 503 : 401
    this.headers = headers
    this.problem = problem
  }

  /** The whole answer. Hono asks what is thrown for it. */
  getResponse(): Response {
    return responseOf(refuseEnded(this.reason))
  }
}
