import type { SessionRecord } from '@curfew/contract'
import { html, page, respondWithPage } from '@curfew/service'
import type { Context } from 'koa'

/** Where what the console is made of is served. */
export const CONSOLE_ASSETS = '/console/assets'

/** The addresses of the console: one page, which shows what its address says (console/place.ts). */
export const CONSOLE_PATHS = [
  '/console',
  '/console/users',
  '/console/users/:id',
  '/console/instances',
  '/console/dashboard',
]

/** The frame that console/console.tsx fills. */
export function showConsole(publicUrl: URL) {
  return function showConsole(ctx: Context): void {
    const { user }: SessionRecord = ctx.state.session
    const options = { user, active: '/console', assets: CONSOLE_ASSETS, scripts: ['console.js'], publicUrl }
    respondWithPage(ctx, page({ title: 'Console', body: BODY, ...options }))
  }
}

const BODY = html`<link rel="stylesheet" href="${CONSOLE_ASSETS}/console.css">
<div id="console">
<h1 class="visually-hidden">Console</h1>
<noscript><p class="notice warn">This page is made by its script, and scripts are off. The log is also at <code>/events</code> and <code>/events/stream</code>.</p></noscript>
</div>`
