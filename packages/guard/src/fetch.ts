import type { Problem, SessionRecord } from '@curfew/contract'
import { type Caller, known } from './caller.js'
import { askedOf, responseOf } from './fetch-refusal.js'
import { signalUntilAnswered, takeSignal, untilRead } from './fetch-signal.js'
import type { Guard } from './guard.js'
import { type Refusal, refuseCaller, refuseEnded, refuseRole } from './refusal.js'
import { SessionEnded } from './session-ended.js'
import type { Decision } from './session-lookup.js'

/** What answers a request of the Fetch API, in Bun, Deno, and most frameworks over them. */
export type FetchHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>

export interface RefusalOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own answers its page here, or throws its error.
   */
  readonly refuse?: (request: Request, problem: Problem) => Response
}

const callers = new WeakMap<Request, Caller>()

/**
 * A handler that lets only signed-in callers through to yours. A person who opens a page is sent to
 * sign in and comes back to it; a program gets 401.
 *
 * @example Bun.serve({ fetch: requireSession(guard, (request) => new Response(sessionOf(request).user.name)) })
 */
export function requireSession<Rest extends readonly unknown[]>(
  guard: Guard,
  handler: FetchHandler<Rest>,
  options: RefusalOptions = {},
): FetchHandler<Rest> {
  return function requireSession(request, ...rest) {
    const decision = guard.decide(request.headers.get('cookie') ?? undefined)
    // From memory there is no promise to wait for.
    if (!(decision instanceof Promise)) return proceed(decision)
    return decision.then(proceed)

    function proceed(decided: Decision): Response | Promise<Response> {
      if (decided.kind !== 'session') {
        return refuse(request, refuseCaller(decided, guard.publicUrl, askedOf(request)), options)
      }
      callers.set(request, { guard, session: decided.session })
      return releaseInTheEnd(request, () => handler(request, ...rest), options)
    }
  }
}

/** A handler that lets only callers through to yours who have one of the roles. Put it inside `requireSession`. */
export function requireRole<Rest extends readonly unknown[]>(
  roles: string | readonly string[],
  handler: FetchHandler<Rest>,
  options: RefusalOptions = {},
): FetchHandler<Rest> {
  return function requireRole(request, ...rest) {
    const refusal = refuseRole(sessionOf(request), roles)
    return refusal === null ? handler(request, ...rest) : refuse(request, refusal, options)
  }
}

/** Who is calling. */
export function sessionOf(request: Request): SessionRecord {
  return known(callers.get(request)).session
}

/**
 * Aborted with a `SessionEnded` when the caller's session is signed off, before that is confirmed, or
 * expires while the request is under way. One for all handlers of the request. Ask before you return the
 * response; it tells until the response's body has been read.
 *
 * @example await fetch(slow, { signal: signalOf(request) })
 */
export function signalOf(request: Request): AbortSignal {
  return signalUntilAnswered(request, known(callers.get(request)))
}

function refuse(request: Request, refusal: Refusal, { refuse }: RefusalOptions): Response {
  return refusal.problem !== null && refuse ? refuse(request, refusal.problem) : responseOf(refusal)
}

/**
 * The signal of the request, if its handler asks for one, lives until the response has been read. There is no
 * framework here that would answer what a handler throws since its session has ended.
 */
function releaseInTheEnd(
  request: Request,
  handle: () => Response | Promise<Response>,
  options: RefusalOptions,
) {
  try {
    const response = handle()
    return response instanceof Promise ? response.then(answer, fail) : answer(response)
  } catch (error) {
    return fail(error)
  }

  function answer(response: Response): Response {
    const work = takeSignal(request)
    return work === undefined ? response : untilRead(request, response, work.release)
  }

  function fail(error: unknown): Response {
    takeSignal(request)?.release()
    if (error instanceof SessionEnded) return refuse(request, refuseEnded(error.reason), options)
    throw error
  }
}
