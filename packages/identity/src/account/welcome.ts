import type { SessionRecord } from '@curfew/contract'
import { type Html, html } from '@curfew/service'
import { countOf } from './devices.js'
import { night } from './night.js'

export interface WelcomeOptions {
  /** The session that the page is shown under. */
  readonly session: SessionRecord
  /** How many other sessions its user has. */
  readonly others: number
}

/** What the first page shows to somebody who is signed in: where to go. */
export function welcome({ session: { user }, others }: WelcomeOptions): Html {
  return html`${night({
    size: 'low',
    lights: 'all',
    content: html`<h1>Hello, ${user.name}</h1>
<p class="lead">You are signed in on every service here.</p>
<p class="small">${countOf(others)} <a href="/account">See your devices</a></p>`,
  })}
<nav aria-labelledby="places">
<h2 id="places" class="visually-hidden">Places</h2>
<ul class="cards places">
${place('/projects', 'Projects', 'The example service: projects of your own, live on every instance.')}
${place('/account', 'Your account', 'Where you are signed in, how to end that, and what happened lately.')}
${user.roles.includes('admin') && place('/console', 'Console', 'For admins: everything that happens, as it happens, and everybody’s sessions.')}
</ul>
</nav>`
}

const place = (path: string, name: string, about: string) =>
  html`<li><a class="card" href="${path}"><strong>${name}</strong><span class="soft">${about}</span></a></li>`
