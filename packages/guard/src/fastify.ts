import type { Problem, SessionRecord } from '@curfew/contract'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { type Caller, known } from './caller.js'
import type { Guard } from './guard.js'
import { askedIn } from './navigation.js'
import { type Refusal, refuseCaller, refuseRole } from './refusal.js'
import { type ClosingResponse, signalUntilClosed } from './request-signal.js'
import type { Decision } from './session-lookup.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Left by `requireSession`: read it by `sessionOf` and `signalOf`. */
    curfew?: Caller & { readonly response: ClosingResponse }
  }
}

export interface RefusalOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own throws its error here. `Retry-After` and the like are already set.
   */
  readonly refuse?: (request: FastifyRequest, reply: FastifyReply, problem: Problem) => void
}

/**
 * A hook that lets only signed-in callers through. A person who opens a page is sent to sign in and
 * comes back to it; a program gets 401.
 *
 * @example app.addHook('onRequest', requireSession(guard))
 */
export function requireSession(guard: Guard, options: RefusalOptions = {}) {
  return function requireSession(
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ): void {
    const decision = guard.decide(request.headers.cookie)
    // From memory there is no promise to wait for.
    if (!(decision instanceof Promise)) proceed(decision)
    else decision.then(proceed).catch(done)

    function proceed(decided: Decision): void {
      if (decided.kind === 'session') {
        request.curfew = { guard, session: decided.session, response: reply.raw }
        done()
      } else {
        const asked = askedIn(request.raw, request.originalUrl)
        refuse(request, reply, refuseCaller(decided, guard.publicUrl, asked), options)
      }
    }
  }
}

/**
 * A hook that lets only callers through who have one of the roles. Mount it below `requireSession`.
 *
 * @example app.delete('/:id', { preHandler: requireRole('admin') }, remove)
 */
export function requireRole(roles: string | readonly string[], options: RefusalOptions = {}) {
  return function requireRole(
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ): void {
    const refusal = refuseRole(sessionOf(request), roles)
    if (refusal === null) done()
    else refuse(request, reply, refusal, options)
  }
}

/** Who is calling. */
export function sessionOf(request: Pick<FastifyRequest, 'curfew'>): SessionRecord {
  return known(request.curfew).session
}

/**
 * Aborted with a `SessionEnded` when the caller's session is signed off, before that is confirmed, or
 * expires while the request is under way. One for all handlers of the request.
 *
 * @example await fetch(slow, { signal: signalOf(request) })
 */
export function signalOf(request: Pick<FastifyRequest, 'curfew'>): AbortSignal {
  const caller = known(request.curfew)
  return signalUntilClosed(caller.response, caller)
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  { refuse }: RefusalOptions,
): void {
  const { status, headers, contentType, body, problem } = refusal
  reply.headers(headers)
  if (problem !== null && refuse) refuse(request, reply, problem)
  else reply.code(status).type(contentType).send(body)
}
