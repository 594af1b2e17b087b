import type { Problem, SessionRecord } from '@curfew/contract'
import type { NextFunction, Request, Response } from 'express'
import { type Caller, known } from './caller.js'
import type { Guard } from './guard.js'
import { askedIn } from './navigation.js'
import { type Refusal, refuseCaller, refuseRole } from './refusal.js'
import { signalUntilClosed } from './request-signal.js'
import type { Decision } from './session-lookup.js'

declare global {
  namespace Express {
    interface Request {
      /** Left by `requireSession`: read it by `sessionOf` and `signalOf`. */
      curfew?: Caller
    }
  }
}

export interface RefusalOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own throws its error here. `Retry-After` and the like are already set.
   */
  readonly refuse?: (req: Request, res: Response, problem: Problem) => void
}

/**
 * Lets only signed-in callers through. A person who opens a page is sent to sign in and comes back to
 * it; a program gets 401.
 *
 * @example app.use(requireSession(guard))
 */
export function requireSession(guard: Guard, options: RefusalOptions = {}) {
  return function requireSession(req: Request, res: Response, next: NextFunction): void {
    const decision = guard.decide(req.headers.cookie)
    // From memory there is no promise to wait for.
    if (!(decision instanceof Promise)) proceed(decision)
    else decision.then(proceed).catch(next)

    function proceed(decided: Decision): void {
      if (decided.kind === 'session') {
        req.curfew = { guard, session: decided.session }
        next()
      } else {
        const asked = askedIn(req, req.originalUrl)
        refuse(req, res, refuseCaller(decided, guard.publicUrl, asked), options)
      }
    }
  }
}

/** Lets only callers through who have one of the roles. Mount it below `requireSession`. */
export function requireRole(roles: string | readonly string[], options: RefusalOptions = {}) {
  return function requireRole(req: Request, res: Response, next: NextFunction): void {
    const refusal = refuseRole(sessionOf(req), roles)
    if (refusal === null) next()
    else refuse(req, res, refusal, options)
  }
}

/** Who is calling. */
export function sessionOf(req: Pick<Request, 'curfew'>): SessionRecord {
  return known(req.curfew).session
}

/**
 * Aborted with a `SessionEnded` when the caller's session is signed off, before that is confirmed, or
 * expires while the request is under way. One for all handlers of the request.
 *
 * @example await fetch(slow, { signal: signalOf(req) })
 */
export function signalOf(req: Pick<Request, 'curfew' | 'res'>): AbortSignal {
  return signalUntilClosed(known(req.res), known(req.curfew))
}

function refuse(req: Request, res: Response, refusal: Refusal, { refuse }: RefusalOptions): void {
  const { status, headers, contentType, body, problem } = refusal
  res.set(headers)
  if (problem !== null && refuse) refuse(req, res, problem)
  // Not send(), which would add an ETag.
  else res.status(status).type(contentType).end(body)
}
