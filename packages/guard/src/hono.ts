import type { Problem, SessionRecord } from '@curfew/contract'
import type { Context, MiddlewareHandler } from 'hono'
import { type Caller, known } from './caller.js'
import { askedOf, responseOf } from './fetch-refusal.js'
import { signalUntilAnswered, takeSignal, untilRead } from './fetch-signal.js'
import type { Guard } from './guard.js'
import { type Refusal, refuseCaller, refuseRole } from './refusal.js'

/** What `requireSession` leaves for the handlers below it, in Hono's `c.var`. */
export interface SessionEnv {
  Variables: {
    /** Who is calling. One frozen object serves all requests of a session. */
    session: SessionRecord
  }
}

export interface RefusalOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own answers its page here, or throws its error.
   */
  readonly refuse?: (c: Context, problem: Problem) => Response
}

const callers = new WeakMap<object, Caller>()

/**
 * Lets only signed-in callers through, and puts their session on `c.var.session`. A person who opens a
 * page is sent to sign in and comes back to it; a program gets 401.
 *
 * @example app.use(requireSession(guard))
 */
export function requireSession(guard: Guard, options: RefusalOptions = {}): MiddlewareHandler<SessionEnv> {
  return async function requireSession(c, next) {
    const decision = guard.decide(c.req.header('cookie'))
    // From memory there is nothing to wait for.
    const decided = decision instanceof Promise ? await decision : decision
    if (decided.kind !== 'session') {
      return refuse(c, refuseCaller(decided, guard.publicUrl, askedOf(c.req.raw)), options)
    }
    const { session } = decided
    callers.set(c, { guard, session })
    c.set('session', session)
    return next().finally(() => releaseOnceRead(c))
  }
}

/** Lets only callers through who have one of the roles. Mount it below `requireSession`. */
export function requireRole(
  roles: string | readonly string[],
  options: RefusalOptions = {},
): MiddlewareHandler {
  return async function requireRole(c, next) {
    const refusal = refuseRole(sessionOf(c), roles)
    return refusal === null ? next() : refuse(c, refusal, options)
  }
}

/** Who is calling. For where the type of `c.var` says nothing of it. */
export function sessionOf(c: Context): SessionRecord {
  return known(callers.get(c)).session
}

/**
 * Aborted with a `SessionEnded` when the caller's session is signed off, before that is confirmed, or
 * expires while the request is under way. One for all handlers of the request. Ask before you return the
 * response; it tells until the response's body has been read.
 *
 * @example await fetch(slow, { signal: signalOf(c) })
 */
export function signalOf(c: Context): AbortSignal {
  return signalUntilAnswered(c, known(callers.get(c)))
}

function refuse(c: Context, refusal: Refusal, { refuse }: RefusalOptions): Response {
  return refusal.problem !== null && refuse ? refuse(c, refusal.problem) : responseOf(refusal)
}

/** By now Hono has made a response also of what a handler threw. */
function releaseOnceRead(c: Context): void {
  const work = takeSignal(c)
  if (work && c.finalized) c.res = untilRead(c.req.raw, c.res, work.release)
  else work?.release()
}
