import type { Problem } from '@curfew/contract'
import type { Context } from 'koa'
import { type Html, html } from './html.js'
import { type PageUser, page } from './page.js'

declare module 'koa' {
  interface DefaultState {
    /** The way on from an error, where asking for the same address again would be wrong. */
    wayOn?: { readonly href: string; readonly label: string }
  }
}

export interface ErrorPageOptions {
  /** As for `page`. */
  readonly assets: string
  readonly publicUrl: URL
  /** Who is signed in, as far as the request came. */
  readonly userOf?: (ctx: Context) => PageUser | undefined
}

/** What a person sees instead of what they wanted: what happened, what to do, and what to quote. */
export function errorPage(
  ctx: Context,
  { title, detail, status }: Problem,
  options?: ErrorPageOptions,
): Html {
  const body = html`<section class="error-page">
<p class="error-status" aria-hidden="true">${status}</p>
<h1>${title}</h1>
<p class="lead">${detail}</p>
<p class="actions">${wayOn(ctx, status)}</p>
<p class="error-reference">If you ask for help, quote <code>${ctx.state.correlationId}</code></p>
</section>`

  if (options === undefined) {
    return html`<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${body}</html>`
  }
  const { assets, publicUrl, userOf } = options
  return page({ title, body, assets, publicUrl, user: userOf?.(ctx) })
}

function wayOn(ctx: Context, status: number): Html {
  const home = html`<a class="button quiet" href="/">Go to the start page</a>`
  const { wayOn } = ctx.state
  if (wayOn !== undefined)
    return html`<a class="button primary" href="${wayOn.href}">${wayOn.label}</a> ${home}`
  // A form that was posted can't be repeated by a link: back to where the person came from.
  const here = ctx.method === 'POST' ? '/' : `/${ctx.url.replace(/^[/\\]+/, '')}`
  if (status === 401) {
    const signIn = `/auth/login?return_to=${encodeURIComponent(here)}`
    return html`<a class="button primary" href="${signIn}">Sign in</a> ${home}`
  }
  if ((status >= 500 || status === 429) && ctx.method !== 'POST') {
    return html`<a class="button primary" href="${here}">Try again</a> ${home}`
  }
  return home
}
