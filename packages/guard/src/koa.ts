import type { Problem, SessionRecord } from '@curfew/contract'
import type { Context, Middleware, Next } from 'koa'
import { known } from './caller.js'
import type { Guard } from './guard.js'
import { askedIn } from './navigation.js'
import { type Refusal, refuseCaller, refuseRole } from './refusal.js'
import { signalUntilClosed } from './request-signal.js'
import type { Decision } from './session-lookup.js'

/** What `requireSession` leaves for the handlers below it. */
export interface SessionState {
  /** Who is calling. One frozen object serves all requests of a session. */
  session: SessionRecord
  /** Whether Redis had to be asked who is calling. */
  sessionFrom: 'memory' | 'redis'
  guard: Guard
}

export interface RefusalOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own throws its error here. `Retry-After` and the like are already set.
   */
  readonly refuse?: (ctx: Context, problem: Problem) => void
}

/**
 * Lets only signed-in callers through, and puts their session on `ctx.state.session`. A person who
 * opens a page is sent to sign in and comes back to it; a program gets 401.
 *
 * @example app.use(requireSession(guard))
 */
export function requireSession(guard: Guard, options: RefusalOptions = {}) {
  function proceed(ctx: Context, next: Next, decision: Decision, from: SessionState['sessionFrom']): unknown {
    if (decision.kind !== 'session') {
      const asked = askedIn(ctx.req, ctx.originalUrl)
      return refuse(ctx, refuseCaller(decision, guard.publicUrl, asked), options)
    }
    const { state } = ctx
    state['session'] = decision.session
    state['sessionFrom'] = from
    state['guard'] = guard
    return next()
  }

  return function requireSession(ctx: Context, next: Next): unknown {
    const decision = guard.decide(ctx.req.headers.cookie)
    // From memory there is no promise to wait for.
    if (!(decision instanceof Promise)) return proceed(ctx, next, decision, 'memory')
    return decision.then((decided) => proceed(ctx, next, decided, 'redis'))
  } satisfies Middleware<SessionState>
}

/** Lets only callers through who have one of the roles. Mount it below `requireSession`. */
export function requireRole(roles: string | readonly string[], options: RefusalOptions = {}) {
  return function requireRole(ctx: Context, next: Next): unknown {
    const refusal = refuseRole(sessionOf(ctx), roles)
    return refusal === null ? next() : refuse(ctx, refusal, options)
  }
}

/** Who is calling. For where the type of `ctx.state` says nothing of it. */
export function sessionOf({ state }: Pick<Context, 'state'>): SessionRecord {
  const { session }: Partial<SessionState> = state
  return known(session)
}

/**
 * Aborted with a `SessionEnded` when the caller's session is signed off, before that is confirmed, or
 * expires while the request is under way. One for all handlers of the request.
 *
 * @example await fetch(slow, { signal: signalOf(ctx) })
 */
export function signalOf(ctx: Pick<Context, 'state' | 'res'>): AbortSignal {
  const { guard }: Partial<SessionState> = ctx.state
  return signalUntilClosed(ctx.res, { guard: known(guard), session: sessionOf(ctx) })
}

function refuse(ctx: Context, refusal: Refusal, { refuse }: RefusalOptions): void {
  const { status, headers, contentType, body, problem } = refusal
  ctx.set(headers)
  if (problem !== null && refuse) {
    refuse(ctx, problem)
  } else {
    ctx.status = status
    ctx.type = contentType
    ctx.body = body
  }
}
