import { type CurfewEvent, createEvent } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { callerOf, continueUnder, type Log, ServiceError } from '@curfew/service'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import type { SignedOffCookie } from '../account/signed-off-cookie.js'
import { isIssuerOf } from '../providers/discovery.js'
import type { Identification } from '../providers/identify.js'
import type { Provider, Providers } from '../providers/providers.js'
import { signIn } from '../seams/koa-session.js'
import type { Passport } from '../seams/passport.js'
import { createOAuth2Strategy, unwrapped } from '../seams/passport-oauth2.js'
import { findProvider, loginPath } from './begin-login.js'
import type { LoginCookies } from './login-cookies.js'
import type { Transaction, Transactions } from './transactions.js'
import { userIdOf } from './user-id.js'

declare module 'koa' {
  interface DefaultState {
    /** Set when the callback made no session, since there is one and its address is not good any more. */
    wasSignedInAlready?: boolean
  }
}

export interface FinishLoginOptions {
  readonly guard: Guard
  readonly providers: Providers
  readonly transactions: Transactions
  readonly loginCookies: LoginCookies
  readonly passport: Passport
  readonly signedOffCookie: SignedOffCookie
  /** Writes a `login.failed` to the log. */
  readonly recordFailure: (event: CurfewEvent) => Promise<void>
  readonly log: Log
}

const Query = z.object({
  state: z.string().optional(),
  code: z.string().optional(),
  error: z.string().optional(),
  iss: z.string().optional(),
})

/**
 * `GET /auth/callback/:provider`: the browser is back from the provider (RFC 6749 section 4.1.2).
 *
 * Below koa-session and passport. Ends in a redirect or in an error, so that the address with the code in
 * it stays in nobody's history.
 */
export function finishLogin(options: FinishLoginOptions) {
  const { providers, log } = options

  return async function finishLogin(ctx: Context): Promise<void> {
    const provider = findProvider(providers, String(ctx['params'].provider))
    let name: string | undefined
    try {
      const query = readQuery(ctx)
      const transaction = await consume(ctx, provider, query.state)
      // From the first redirect to the session it is one story, whatever the provider's redirect came with.
      continueUnder(ctx, transaction.correlationId)
      offer(ctx, provider.config.id, transaction.returnTo)
      await checkIssuer(provider, query.iss)
      if (query.error !== undefined) throw refusedBy(query.error)
      // Passport would take an empty one for the beginning of a login.
      if (query.code === undefined || query.code === '')
        throw failed('code-missing', 'The provider sent you back without an answer.')

      const identification = await redeem(ctx, provider, transaction)
      const { profile, tokens, authTime, amr, acr } = identification
      name = profile.name
      const { ip, userAgent, correlationId } = callerOf(ctx)
      await signIn(ctx, userIdOf(profile), {
        provider: provider.config.id,
        profile,
        tokens,
        authTime,
        amr,
        acr,
        beganAtSequence: transaction.beganAtSequence,
        device: { userAgent, ip },
        correlationId,
      })
      options.signedOffCookie.forget(ctx)
      ctx.redirect(transaction.returnTo)
    } catch (thrown) {
      const error = unwrapped(thrown)
      if (reasonOf(error) === STATE_UNKNOWN && (await isSignedIn(ctx))) {
        ctx.state.wasSignedInAlready = true
        return ctx.redirect('/')
      }
      await recordFailure(ctx, provider, error, name)
      throw error
    }
  }

  /** Then a used address is one that was reloaded, or come back to: nothing failed. */
  async function isSignedIn(ctx: Context): Promise<boolean> {
    return (await options.guard.decide(ctx.headers.cookie)).kind === 'session'
  }

  async function consume(
    ctx: Context,
    { config }: Provider,
    state: string | undefined,
  ): Promise<Transaction> {
    const key = state === undefined ? null : options.loginCookies.take(ctx, state)
    const transaction =
      state === undefined || key === null ? null : await options.transactions.consume(state, key)
    if (transaction === null) throw failed(STATE_UNKNOWN, STALE)
    // A provider must not answer for another one (RFC 9700 section 4.4).
    if (transaction.provider !== config.id) throw failed('provider-mixed-up', STALE)
    return transaction
  }

  async function redeem(ctx: Context, provider: Provider, transaction: Transaction): Promise<Identification> {
    const { config, metadata } = provider
    const { authorizationUrl, tokenUrl } = await metadata()
    const strategy = createOAuth2Strategy<Identification>({
      authorizationUrl,
      tokenUrl,
      clientId: config.clientId,
      redirectUri: config.redirectUri,
      scope: '',
      authorizationParams: {},
      begin: () => Promise.reject(new TypeError('a login that comes back does not begin')),
      resume: async () => transaction.verifier,
      redeem: (grant) => provider.redeem(grant, transaction.nonce),
    })
    const user = await options.passport.authenticate(ctx, strategy)
    if (!isIdentification(user)) throw failed('strategy-failed', STALE)
    return user
  }

  /** That the failure can't be told must not hide the failure. */
  async function recordFailure(
    ctx: Context,
    { config }: Provider,
    error: unknown,
    name: string | undefined,
  ): Promise<void> {
    const userId = userOf(error)
    const event = createEvent('identity', 'login.failed', userId, {
      actor: null,
      ...(userId === null || name === undefined ? {} : { subjectName: name }),
      provider: config.id,
      reason: reasonOf(error),
      ...callerOf(ctx),
    })
    await options
      .recordFailure(event)
      .catch((cause: unknown) => log.warn('login-failure.unrecorded', { cause }))
  }
}

/**
 * From any error of the callback, also of what stands around it, the way on is a new login: the address
 * of this one holds a code, and is good for one time.
 */
export function offerToSignInAgain(providers: Providers): Middleware {
  return async function offerToSignInAgain(ctx, next) {
    const provider = providers.find(String(ctx['params'].provider))
    if (provider !== null) offer(ctx, provider.config.id, '/')
    await next()
  }
}

function offer(ctx: Context, id: string, returnTo: string): void {
  ctx.state.wayOn = { href: loginPath(id, returnTo), label: 'Sign in again' }
}

const STATE_UNKNOWN = 'state-unknown'

const STALE =
  'This sign-in did not begin in this browser, has been used already, or took too long. Please sign in again.'

function readQuery(ctx: Context): z.infer<typeof Query> {
  const query = Query.safeParse(ctx.query)
  if (!query.success)
    throw failed('query-malformed', 'The provider’s answer can’t be read. Please sign in again.')
  return query.data
}

/** RFC 9207 section 2.4. */
async function checkIssuer({ config, metadata }: Provider, iss: string | undefined): Promise<void> {
  const about = await metadata()
  if (iss === undefined ? about.namesItselfInCallback : !isIssuerOf(config, about, iss)) {
    throw failed(
      'issuer-mismatch',
      'This answer is not from the provider you were sent to. Please sign in again.',
    )
  }
}

function refusedBy(error: string): ServiceError {
  if (error === 'access_denied') {
    return new ServiceError(
      'login-refused',
      'Signing in was cancelled or declined at the provider. Try again, or use another account.',
      {
        reason: 'access-denied',
      },
    )
  }
  // The codes of RFC 6749 section 4.1.2.1 and OIDC Core section 3.1.2.6; anything else is not repeated.
  const known = /^[a-z_]{1,40}$/.test(error) ? error : 'unnamed'
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    return new ServiceError(
      'provider-unavailable',
      'The sign-in provider can’t sign anybody in right now. Try again in a moment.',
      { reason: known },
    )
  }
  return new ServiceError('login-failed', 'The provider did not sign you in. Please try again.', {
    reason: known,
  })
}

function failed(reason: string, sentence: string): ServiceError {
  return new ServiceError('login-failed', sentence, { reason })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ServiceError)) return 'internal'
  const { reason } = error.detail
  return typeof reason === 'string' ? reason : error.code
}

/** Somebody who may not come in is known all the same. */
function userOf(error: unknown): string | null {
  const userId = error instanceof ServiceError ? error.detail['userId'] : undefined
  return typeof userId === 'string' ? userId : null
}

function isIdentification(user: object | null): user is Identification {
  return user !== null && 'profile' in user && 'tokens' in user
}
