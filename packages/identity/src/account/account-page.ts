import type { SessionRecord } from '@curfew/contract'
import { type Html, html, page, respondWithPage } from '@curfew/service'
import type { Context } from 'koa'
import type { ListedSession, Sessions } from '../sessions/sessions.js'
import { ASSETS } from './assets.js'
import { devices } from './devices.js'
import { lengthInWords, moment } from './moments.js'
import { night } from './night.js'
import { waysOut } from './ways-out.js'

export interface AccountPageOptions {
  readonly sessions: Sessions
  /** What people call the providers, by their ids. */
  readonly providerLabels: Readonly<Record<string, string>>
  readonly publicUrl: URL
}

/** `GET /account`: people's own page. Below `requireSession`. */
export function showAccount({ sessions, providerLabels, publicUrl }: AccountPageOptions) {
  return async function showAccount(ctx: Context): Promise<void> {
    const session: SessionRecord = ctx.state['session']
    const { user } = session
    const listed = await sessions.listOf(user.id)
    const body = accountBody({ session, listed, providerLabels, now: Date.now() })
    const scripts = ['account.js']
    respondWithPage(
      ctx,
      page({ title: 'Your account', body, user, active: '/account', scripts, assets: ASSETS, publicUrl }),
    )
  }
}

export interface AccountBody {
  /** The session that the page is shown under. */
  readonly session: SessionRecord
  /** All sessions of its user, that one among them. */
  readonly listed: readonly ListedSession[]
  readonly providerLabels: AccountPageOptions['providerLabels']
  /** Epoch milliseconds. */
  readonly now: number
}

export function accountBody({ session, listed, providerLabels, now }: AccountBody): Html {
  const { user, ref, expiresAt, idleTtlMs } = session
  const provider = providerLabels[session.provider] ?? session.provider
  return html`${night({
    size: 'low',
    lights: 'all',
    content: html`<h1>Your account</h1>
<p class="lead">${user.name}</p>
<dl class="account-facts">
${fact('E-mail', user.email ?? 'not known here')}
${fact(user.roles.length === 1 ? 'Role' : 'Roles', user.roles.length === 0 ? 'none' : html`${user.roles.map((role) => html`<span class="badge">${role}</span> `)}`)}
${fact('Signed in with', provider)}
${fact('This session ends', html`${moment(expiresAt, now)}, or after ${lengthInWords(idleTtlMs)} without use`)}
</dl>`,
  })}
${devices({ currentRef: ref, listed, now })}
${waysOut(listed.filter(({ record }) => record.ref !== ref).length)}
<section aria-labelledby="history">
<h2 id="history">What happened lately</h2>
<p class="soft">Was one of these not you? Sign out everywhere, then change your password at ${provider}.</p>
<ol id="history-list" class="history-list" aria-labelledby="history" data-providers="${JSON.stringify(providerLabels)}"></ol>
<p id="history-status" class="soft" role="status">Looking it up…</p>
<noscript><p class="soft">This list needs JavaScript. Your devices, and the ways to sign out, don’t.</p></noscript>
<p class="actions"><button id="history-more" type="button" hidden>Show earlier</button></p>
</section>`
}

const fact = (name: string, value: Html | string) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`
