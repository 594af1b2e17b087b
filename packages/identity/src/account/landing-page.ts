import type { SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { html, page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { ListedSession, Sessions } from '../sessions/sessions.js'
import { deviceName } from './device-name.js'

export const ASSETS = '/auth/assets'

export interface LandingOptions {
  readonly guard: Guard
  readonly sessions: Sessions
}

/** `GET /`: where people begin. Signed in, it shows where else they are, and how to end that. */
export function showLanding({ guard, sessions }: LandingOptions) {
  return async function showLanding(ctx: Context): Promise<void> {
    const decision = await guard.decide(ctx.headers.cookie)
    if (decision.kind === 'unavailable') {
      throw new ServiceError('store-unavailable', 'We can’t look that up right now. You are still signed in.')
    }
    const body =
      decision.kind === 'session'
        ? welcome(decision.session, await sessions.listOf(decision.session.user.id))
        : invitation
    const user = decision.kind === 'session' ? decision.session.user : undefined
    const title = user ? `Hello, ${user.name}` : 'Sign in'
    respondWithPage(ctx, page({ title, body, user, active: '/', assets: ASSETS, publicUrl: guard.publicUrl }))
  }
}

const invitation = html`<section class="hero">
<h1>One login opens every service.<br>One bell closes them all.</h1>
<p class="lead">Sign in once, and every service behind this domain knows you. Sign out, and every one of them
has forgotten you before we say that it is done.</p>
<p><a class="button primary" href="/auth/login?return_to=/">Sign in</a></p>
</section>`

function welcome({ user, ref }: SessionRecord, listed: readonly ListedSession[]) {
  return html`<h1>Hello, ${user.name}</h1>
<p class="lead">You are signed in on every service here.</p>
<ul class="places">
<li><a class="card" href="/projects"><strong>Projects</strong><span>The example service, on two instances</span></a></li>
${
  user.roles.includes('admin') &&
  html`<li><a class="card" href="/console"><strong>Console</strong><span>The event log, and everybody’s sessions</span></a></li>`
}
</ul>
<section aria-labelledby="devices">
<h2 id="devices">Where you are signed in</h2>
<div class="table-scroll"><table>
<thead><tr><th scope="col">Device</th><th scope="col">Address</th><th scope="col">Since</th><th scope="col">Last seen</th><th scope="col"><span class="visually-hidden">End it</span></th></tr></thead>
<tbody>${listed.map((one) => row(one, ref))}</tbody>
</table></div>
<form method="post" action="/auth/logout" class="actions">
<button name="scope" value="session">Sign out here</button>
<button name="scope" value="others" class="quiet"${listed.length < 2 && html` disabled`}>Sign out other sessions</button>
<button name="scope" value="user" class="danger">Sign out everywhere</button>
</form>
</section>`
}

function row({ record, lastSeenAt }: ListedSession, currentRef: string) {
  const isCurrent = record.ref === currentRef
  return html`<tr>
<td>${deviceName(record.device.userAgent)}${isCurrent && html` <span class="badge">this one</span>`}</td>
<td>${record.device.ip}</td>
<td>${moment(record.createdAt)}</td>
<td>${isCurrent ? 'now' : moment(lastSeenAt)}</td>
<td>${!isCurrent && html`<form method="post" action="/auth/sessions/${record.ref}/end"><button class="quiet small">End</button></form>`}</td>
</tr>`
}

function moment(epochMs: number) {
  const date = new Date(epochMs)
  return html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`
}
