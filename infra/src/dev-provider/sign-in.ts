import type { IncomingMessage } from 'node:http'
import { type Html, respondWithPage } from '@curfew/service'
import type { Context, Middleware, Next } from 'koa'
import type { Provider } from 'oidc-provider'
import type { DemoAccounts } from './demo-users.js'
import { expiredPage, signInPage } from './pages.js'

/**
 * The page between `authorize` and the way back to Curfew: `GET` and `POST /interaction/<uid>`.
 *
 * It answers only to the browser that holds the interaction's cookie, which is SameSite=Lax and bound to this
 * path: a form on another site can't sign anybody in.
 */
export function signIn(provider: Provider, accounts: DemoAccounts, clientUrl: string): Middleware {
  return async function signIn(ctx, next) {
    if (!/^\/interaction\/[\w-]+$/.test(ctx.path)) return next()
    try {
      if (ctx.method === 'GET' || ctx.method === 'HEAD') await show(ctx)
      else if (ctx.method === 'POST') await submit(ctx)
      else return next()
    } catch (error) {
      if (!isSessionNotFound(error)) throw error
      ctx.status = 400
      respondWithPage(ctx, expiredPage(clientUrl))
    }
  }

  async function show(ctx: Context) {
    const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res)
    // `prompt=consent`: there is nothing to ask about our own client.
    if (prompt.name === 'consent') return goOn(ctx, { consent: {} })
    const hint = ctx.query['as'] ?? params['login_hint']
    respondWithPage(ctx, signInPage({ username: typeof hint === 'string' ? hint : '' }))
  }

  async function submit(ctx: Context) {
    await provider.interactionDetails(ctx.req, ctx.res)
    const form = await readForm(ctx.req)
    if (form.has('cancel')) {
      return goOn(ctx, { error: 'access_denied', error_description: 'Signing in was cancelled.' })
    }

    const username = (form.get('username') ?? '').trim().toLowerCase()
    const user = await accounts.verify(username, form.get('password') ?? '')
    if (user === undefined) {
      ctx.status = 422
      respondWithPage(ctx, signInPage({ username, wrong: true }))
      return
    }
    await goOn(ctx, { login: { accountId: user.username, amr: ['pwd'] } })
  }

  async function goOn(ctx: Context, result: Parameters<Provider['interactionResult']>[2]) {
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result))
    ctx.status = 303
  }
}

/** The last one asked: whatever is left over has no page. */
export function notFound(page: Html) {
  return async function notFound(ctx: Context, next: Next) {
    await next()
    if (ctx.status === 404 && ctx.body === undefined) {
      ctx.status = 404
      respondWithPage(ctx, page)
    }
  }
}

const LARGEST_FORM_BYTES = 4_096

async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk
    if (text.length > LARGEST_FORM_BYTES) break
  }
  return new URLSearchParams(text)
}

function isSessionNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'SessionNotFound'
}
