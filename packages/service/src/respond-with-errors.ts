import { PROBLEM_CONTENT_TYPE, type ProblemCode, problem, RETRY_AFTER_SECONDS } from '@curfew/contract'
import type { Context, Middleware } from 'koa'
import { type ErrorPageOptions, errorPage } from './error-page.js'
import { ServiceError } from './errors.js'
import { respondWithPage } from './html.js'
import type { Log } from './log.js'
import { isStoreUnavailable } from './redis.js'

/**
 * Turns whatever is thrown below it, and whatever nobody answered, into an `application/problem+json`
 * for a program, or a page for a person (`Accept` prefers `text/html`).
 *
 * The message of an error that is not a `ServiceError` is never sent: it may quote a query, a key or a
 * token. It is in the log, with the correlation id that the caller receives.
 *
 * A 401 carries `WWW-Authenticate: Curfew`, since RFC 9110 section 15.5.2 requires a challenge. No browser
 * knows the scheme, so none opens a password dialog. An endpoint with another scheme sets its own.
 */
export function respondWithErrors(log: Log, pages?: ErrorPageOptions): Middleware {
  return async function respondWithErrors(ctx, next) {
    try {
      await next()
      const unanswered = unansweredAs(ctx)
      if (unanswered !== null) answer(ctx, unanswered, pages)
    } catch (thrown) {
      const error = asServiceError(thrown)
      report(log, ctx, error)
      // Half an answer can't be taken back: better cut off than taken for whole.
      if (ctx.headerSent) ctx.res.destroy()
      else answer(ctx, error, pages)
    }
  }
}

/** What the router or nobody said with a bare status, or null when there is an answer. */
function unansweredAs(ctx: Context): ServiceError | null {
  // An explicit null is an answer without a body, as forward-auth gives.
  if (ctx.respond === false || ctx.headerSent || ctx.body !== undefined) return null
  // The router says 501 for a method that no route has at all.
  if (ctx.status === 405 || ctx.status === 501) return ofStatus(405)
  return ctx.status >= 400 ? ofStatus(ctx.status) : null
}

function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  if (isStoreUnavailable(thrown)) {
    return new ServiceError('store-unavailable', SENTENCES['store-unavailable'], {}, { cause: thrown })
  }
  if (!(thrown instanceof Error)) return new ServiceError('internal', SENTENCES.internal, { thrown })
  // As http-errors makes them: `expose` says that the caller is to blame, or may try again, and may be told.
  const [status, expose, headers]: unknown[] = ['status', 'expose', 'headers'].map((name) =>
    Reflect.get(thrown, name),
  )
  const options = { cause: thrown, headers: stringsOf(headers) }
  if (typeof status === 'number' && status >= 400 && status < 500 && expose === true) {
    return ofStatus(status, options)
  }
  // Work that was given up since its session could not be looked up anew.
  if (status === 503 && expose === true) {
    return new ServiceError('store-unavailable', SENTENCES['store-unavailable'], {}, options)
  }
  return new ServiceError('internal', SENTENCES.internal, {}, { cause: thrown })
}

function ofStatus(
  status: number,
  options: ErrorOptions & { headers?: Record<string, string> } = {},
): ServiceError {
  const code = CODES[status] ?? (status < 500 ? 'bad-request' : 'internal')
  return new ServiceError(code, SENTENCES[code], {}, options)
}

function report(log: Log, ctx: Context, error: ServiceError): void {
  const facts = { method: ctx.method, problem: error.code, correlationId: ctx.state.correlationId, error }
  if (error.code === 'internal') log.error('request.crashed', facts)
  else if (error.status >= 500) log.warn('request.failed', facts)
  else log.debug('request.refused', facts)
}

function answer(ctx: Context, error: ServiceError, pages: ErrorPageOptions | undefined): void {
  // They described the answer that this one takes the place of.
  for (const header of OF_THE_LOST_ANSWER) ctx.remove(header)
  ctx.set('Cache-Control', 'no-store')
  ctx.vary('Accept')
  if (error.status === 401) ctx.set('WWW-Authenticate', 'Curfew')
  if (error.status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
  ctx.set({ ...error.headers })
  ctx.status = error.status

  const said = problem(error.code, error.message)
  if (isForAPerson(ctx)) {
    respondWithPage(ctx, errorPage(ctx, said, pages))
  } else {
    ctx.body = JSON.stringify(said)
    ctx.type = PROBLEM_CONTENT_TYPE
  }
}

/** By `Accept` alone: `Sec-Fetch-Mode` is also sent by programs, by Node's own fetch for instance. */
function isForAPerson(ctx: Context): boolean {
  if (!['GET', 'HEAD', 'POST'].includes(ctx.method)) return false
  return ctx.accepts(PROBLEM_CONTENT_TYPE, 'application/json', 'text/html') === 'text/html'
}

const OF_THE_LOST_ANSWER = ['ETag', 'Last-Modified', 'Content-Disposition', 'Content-Encoding', 'Location']

const CODES: Readonly<Record<number, keyof typeof SENTENCES>> = {
  400: 'bad-request',
  401: 'session-required',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  413: 'too-large',
  415: 'unsupported-media-type',
  422: 'invalid-input',
  429: 'too-many-requests',
  503: 'unavailable',
}

const SENTENCES = {
  'bad-request': 'The request can’t be read. Check its address and its parameters.',
  'session-required': 'Sign in to see this.',
  forbidden: 'Your roles don’t allow this. They come from your sign-in provider, and change there.',
  'not-found': 'There is nothing at this address, or it is not yours to see.',
  'method-not-allowed': 'This address does not take that method.',
  conflict: 'That does not fit how things are now. Load it again and look.',
  'too-large': 'The request is larger than we take.',
  'unsupported-media-type': 'Send the body as application/json or application/x-www-form-urlencoded.',
  'invalid-input': 'A value in the request is not acceptable.',
  'too-many-requests': 'That was too often in a short time. Wait a moment, then try again.',
  internal: 'That was our mistake, and it has been noted. Trying again may help.',
  'store-unavailable':
    'Something that we need is away for a moment. Nothing is lost, and nobody was signed out. Try again shortly.',
  unavailable: 'This service is starting or stopping. Try again in a moment.',
} satisfies Partial<Record<ProblemCode, string>>

function stringsOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {}
  return Object.fromEntries(Object.entries(headers).filter((pair) => typeof pair[1] === 'string'))
}
