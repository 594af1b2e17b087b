import { respondWithPage, serveAssets } from '@curfew/service'
import type { Context, Next } from 'koa'
import { type ConfigurationOptions, createConfiguration } from './configuration.js'
import { Provider } from './oidc-provider.js'
import { homePage, notFoundPage } from './pages.js'
import { notFound, signIn } from './sign-in.js'

export interface DevProviderOptions extends ConfigurationOptions {
  readonly issuer: string
  /** Hears of the provider's own failures, which nobody who uses it can see. */
  readonly onError: (error: unknown) => void
}

/** A real OpenID provider for development and tests, as a Koa app. */
export async function createDevProvider(options: DevProviderOptions) {
  const provider = new Provider(options.issuer, createConfiguration(options))
  provider.on('server_error', (_ctx, error) => options.onError(error))

  provider.use(hardenResponses(options.clientUrl))
  provider.use(serveAssets('/assets', new URL('../../assets/dev-provider/', import.meta.url)))
  provider.use(notFound(notFoundPage(options.clientUrl)))
  provider.use(signIn(provider, options.accounts, options.clientUrl))
  provider.use(async function showHome(ctx, next) {
    if (ctx.path !== '/') return next()
    respondWithPage(ctx, homePage(options.clientUrl))
  })
  return provider
}

function hardenResponses(clientUrl: string) {
  // Browsers hold a form's redirects against form-action, too, and ours lead back to Curfew.
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    `form-action 'self' ${clientUrl}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

  return async function hardenResponses(ctx: Context, next: Next) {
    ctx.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    })
    await next()
  }
}
