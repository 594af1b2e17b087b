import { EVENT_TYPES, type SessionRecord } from '@curfew/contract'
import { html, page, respondWithPage } from '@curfew/service'
import type { Context } from 'koa'

/** Where the console's stylesheets and browser modules are served. */
export const CONSOLE_ASSETS = '/console/assets'

export function showConsole(publicUrl: URL) {
  return function showConsole(ctx: Context): void {
    const { user }: SessionRecord = ctx.state.session
    respondWithPage(
      ctx,
      page({
        title: 'Console',
        body: html`${EVENT_TYPES.length}`,
        user,
        active: '/console',
        assets: CONSOLE_ASSETS,
        publicUrl,
      }),
    )
  }
}
