import {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  problem,
  RETRY_AFTER_SECONDS,
  type SessionRecord,
} from '@curfew/contract'
import type { HoldEnd } from './held-connections.js'
import { type Asked, isNavigation } from './navigation.js'
import type { Decision } from './session-lookup.js'

/** What is answered to a request that is not let through: the same by every adapter. */
export interface Refusal {
  readonly status: number
  /** All but those of the content: they hold whatever a service says in its own words. */
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: string
  /** What is wrong. Null: nothing is, a person is sent to sign in. */
  readonly problem: Problem | null
}

/** A refusal that is no invitation to sign in. */
export interface ProblemRefusal extends Refusal {
  readonly problem: Problem
}

export type RefusedDecision = Exclude<Decision, { readonly kind: 'session' }>

/**
 * A person who opens a page is sent to sign in and comes back to it; a program is told what to do.
 *
 * @param asked null where nobody can be led anywhere
 */
export function refuseCaller({ kind }: RefusedDecision, publicUrl: URL, asked: Asked | null): Refusal {
  if (kind === 'unavailable') return STORE_UNAVAILABLE
  return asked && isNavigation(asked) ? leadToSignIn(publicUrl, asked.target) : SESSION_REQUIRED
}

/** Null: the session has one of the roles. */
export function refuseRole({ user }: SessionRecord, roles: string | readonly string[]): Refusal | null {
  const allowed = typeof roles === 'string' ? [roles] : roles
  if (user.roles.some((role) => allowed.includes(role))) return null
  return refusal(problem('forbidden', `This needs the role ${allowed.join(' or ')}. Ask an admin for it.`))
}

/** What is answered for work that was given up since its session has ended. */
export function refuseEnded(end: HoldEnd): ProblemRefusal {
  return end === 'recheck' ? LOOK_AGAIN : SESSION_REQUIRED
}

export function refusal(problem: Problem, headers: Record<string, string> = {}): ProblemRefusal {
  return {
    status: problem.status,
    headers: { 'Cache-Control': 'no-store', ...headers },
    contentType: PROBLEM_CONTENT_TYPE,
    body: JSON.stringify(problem),
    problem,
  }
}

/** The sign-in page is on the one domain, also for a page that was opened on a process's own port. */
function leadToSignIn(publicUrl: URL, target: string): Refusal {
  const url = new URL('/auth/login', publicUrl)
  url.searchParams.set('return_to', target)
  return {
    status: 302,
    headers: { 'Cache-Control': 'no-store', Location: url.href },
    contentType: 'text/plain; charset=utf-8',
    body: `Sign in at ${url.href}`,
    problem: null,
  }
}

/** The challenge that RFC 9110 section 15.5.2 requires. No browser knows it: none opens a dialog. */
const SESSION_REQUIRED = refusal(problem('session-required', 'Sign in, then send this request again.'), {
  'WWW-Authenticate': 'Curfew',
})

const STORE_UNAVAILABLE = tryAgain(
  'Sessions can’t be looked up right now. You are still signed in; try again in a moment.',
)

/** Whether they are still signed in is not known. */
const LOOK_AGAIN = tryAgain('Your session has to be looked up anew. Try again in a moment.')

function tryAgain(detail: string): ProblemRefusal {
  return refusal(problem('store-unavailable', detail), { 'Retry-After': String(RETRY_AFTER_SECONDS) })
}
