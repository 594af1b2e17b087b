import { type Problem, problem, RETRY_AFTER_SECONDS, type SessionRecord } from '@curfew/contract'
import type { Context, Middleware, Next } from 'koa'
import type { Guard } from './guard.js'

/** What `requireSession` leaves for the handlers below it. */
export interface SessionState {
  /** Who is calling. One frozen object serves all requests of a session. */
  session: SessionRecord
  /** Whether Redis had to be asked who is calling. */
  sessionFrom: 'memory' | 'redis'
}

export interface RequireSessionOptions {
  /**
   * Answers a request that is refused. By default that is the problem as JSON (RFC 9457); a service
   * with error pages of its own throws its error here.
   */
  readonly refuse?: (ctx: Context, problem: Problem) => void
}

/**
 * Lets only signed-in callers through, and puts their session on `ctx.state.session`. A person who
 * opens a page is sent to sign in and comes back to it; a program gets 401.
 *
 * @example app.use(requireSession(guard))
 */
export function requireSession(guard: Guard, { refuse = respond }: RequireSessionOptions = {}) {
  return function requireSession(ctx: Context, next: Next): Promise<unknown> | unknown {
    const decision = guard.decide(ctx.headers.cookie)
    // From memory there is no promise to wait for.
    return decision instanceof Promise ? decision.then(proceed) : proceed(decision)

    function proceed(decided: Awaited<typeof decision>): Promise<unknown> | unknown {
      switch (decided.kind) {
        case 'session':
          ctx.state['session'] = decided.session
          ctx.state['sessionFrom'] = decision instanceof Promise ? 'redis' : 'memory'
          return next()
        case 'unavailable':
          ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
          return refuse(ctx, problem('store-unavailable', UNAVAILABLE_SENTENCE))
        case 'none':
          if (isNavigation(ctx)) return ctx.redirect(signInUrl(guard.publicUrl, ctx.url))
          return refuse(ctx, problem('session-required', 'Sign in, then send this request again.'))
      }
    }
  } satisfies Middleware<SessionState>
}

/** Lets only callers through who have one of the roles. Mount it below `requireSession`. */
export function requireRole(
  roles: string | readonly string[],
  { refuse = respond }: RequireSessionOptions = {},
) {
  const allowed = typeof roles === 'string' ? [roles] : roles

  return function requireRole(ctx: Context, next: Next): Promise<unknown> | unknown {
    const session: SessionRecord | undefined = ctx.state['session']
    if (session === undefined) throw new TypeError('requireRole is mounted above requireSession')
    if (session.user.roles.some((role) => allowed.includes(role))) return next()
    return refuse(
      ctx,
      problem('forbidden', `This needs the role ${allowed.join(' or ')}. Ask an admin for it.`),
    )
  }
}

const UNAVAILABLE_SENTENCE =
  'Sessions can’t be looked up right now. You are still signed in; try again in a moment.'

function respond(ctx: Context, body: Problem): void {
  ctx.status = body.status
  if (body.status === 401) ctx.set('WWW-Authenticate', 'Curfew')
  ctx.set('Cache-Control', 'no-store')
  ctx.body = JSON.stringify(body)
  ctx.type = 'application/problem+json'
}

/** A person who opens a page, as opposed to a script that fetches something. */
function isNavigation(ctx: Context): boolean {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false
  const mode = ctx.get('Sec-Fetch-Mode')
  if (mode !== '' && mode !== 'navigate') return false
  return ctx.accepts('json', 'html') === 'html'
}

/** The sign-in page is on the one domain, also for a page that was opened on a process's own port. */
function signInUrl(publicUrl: URL, path: string): string {
  const url = new URL('/auth/login', publicUrl)
  url.searchParams.set('return_to', path)
  return url.href
}
