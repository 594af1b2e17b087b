import { randomBytes } from 'node:crypto'
import { page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { Provider, Providers } from '../providers/providers.js'
import { scopeFor } from '../providers/scope.js'
import type { Passport } from '../seams/passport.js'
import { createOAuth2Strategy } from '../seams/passport-oauth2.js'
import { chooser } from './chooser-page.js'
import type { LoginCookies } from './login-cookies.js'
import { safeReturnTo } from './return-to.js'
import type { Transactions } from './transactions.js'

export interface BeginLoginOptions {
  readonly providers: Providers
  readonly transactions: Transactions
  readonly loginCookies: LoginCookies
  readonly passport: Passport
  readonly publicUrl: URL
  /** Where the pages' stylesheet is. */
  readonly assets: string
}

/** `GET /auth/login`: to the provider, or a choice of them. */
export function chooseProvider(options: BeginLoginOptions) {
  const begin = beginLogin(options)

  return async function chooseProvider(ctx: Context): Promise<void> {
    const { providers, publicUrl, assets } = options
    const wanted = ctx.query['provider']
    const only = providers.all.length === 1 ? providers.all[0]?.config.id : undefined
    const id = typeof wanted === 'string' ? wanted : only
    if (id !== undefined) return begin(ctx, id)

    const returnTo = safeReturnTo(ctx.query['return_to'], publicUrl)
    const ways = providers.all.map(({ config: { id, label } }) => ({ label, path: loginPath(id, returnTo) }))
    respondWithPage(ctx, page({ title: 'Sign in', assets, publicUrl, body: chooser(ways) }))
  }
}

/** `GET /auth/login/:provider`: sends the browser to the provider (RFC 6749 section 4.1.1, with PKCE). */
export function beginLogin({
  providers,
  transactions,
  loginCookies,
  passport,
  publicUrl,
}: BeginLoginOptions) {
  return async function beginLogin(ctx: Context, id = String(ctx['params'].provider)): Promise<void> {
    const provider = findProvider(providers, id)
    const returnTo = safeReturnTo(ctx.query['return_to'], publicUrl)
    // The provider leads back to the public URL, where a cookie of another host would be missing. Once: a
    // proxy that hides the host would otherwise send the browser round in a circle.
    if (ctx.host !== publicUrl.host && ctx.query['continued'] === undefined) {
      return ctx.redirect(new URL(`${loginPath(id, returnTo)}&continued=1`, publicUrl).href)
    }

    const nonce = randomBytes(32).toString('base64url')
    const { config, metadata } = provider
    const about = await metadata()
    const { authorizationUrl, tokenUrl } = about
    const strategy = createOAuth2Strategy({
      authorizationUrl,
      tokenUrl,
      clientId: config.clientId,
      redirectUri: config.redirectUri,
      scope: scopeFor(config, about),
      authorizationParams: { ...config.authorizationParams, ...(config.issuer === null ? {} : { nonce }) },
      async begin(verifier) {
        const key = loginCookies.randomKey()
        const { correlationId } = ctx.state
        const state = await transactions.begin(
          { provider: id, nonce, verifier, returnTo, correlationId },
          key,
        )
        loginCookies.keep(ctx, state, key)
        return state
      },
      resume: notHere,
      redeem: notHere,
    })
    // Passport would take a code or an error in the address for an answer of the provider.
    ctx.query = {}
    await passport.authenticate(ctx, strategy)
  }
}

export function findProvider(providers: Providers, id: string): Provider {
  const provider = providers.find(id)
  if (provider === null) throw new ServiceError('not-found', 'There is no such way to sign in here.')
  return provider
}

/** Where a login with this provider begins. */
export function loginPath(id: string, returnTo: string): string {
  return `/auth/login/${id}?return_to=${encodeURIComponent(returnTo)}`
}

async function notHere(): Promise<never> {
  throw new TypeError('a login that begins has nothing to finish')
}
