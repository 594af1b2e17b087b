import type { SessionRecord } from '@curfew/contract'
import { type Html, html } from '@curfew/service'
import type { ListedSession } from '../sessions/sessions.js'
import { addressName } from './address-name.js'
import { deviceName } from './device-name.js'
import { lengthInWords, moment } from './moments.js'
import { night } from './night.js'

export interface WelcomeOptions {
  /** The session that the page is shown under. */
  readonly session: SessionRecord
  /** All sessions of its user, that one among them. */
  readonly listed: readonly ListedSession[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** What the first page shows to somebody who is signed in: where to go, where else they are, the ways out. */
export function welcome({ session, listed, now }: WelcomeOptions): Html {
  const { user, expiresAt, idleTtlMs } = session
  const others = listed.filter(({ record }) => record.ref !== session.ref)
  const current = listed.filter(({ record }) => record.ref === session.ref)

  return html`${night({
    size: 'low',
    lights: 'all',
    content: html`<h1>Hello, ${user.name}</h1>
<p class="lead">You are signed in on every service here.</p>
<p class="small">This session ends ${moment(expiresAt, now)} at the latest, and after ${lengthInWords(idleTtlMs)} without use.</p>`,
  })}
<nav aria-labelledby="places">
<h2 id="places" class="visually-hidden">Places</h2>
<ul class="cards places">
${place('/projects', 'Projects', 'The example service: projects of your own, live on every instance.')}
${user.roles.includes('admin') && place('/console', 'Console', 'For admins: everything that happens, as it happens, and everybody’s sessions.')}
</ul>
</nav>
<section aria-labelledby="devices">
<h2 id="devices">Where you are signed in</h2>
<div class="table-wrap stack devices"><table>
<caption>${countOf(others.length)}</caption>
<thead><tr><th scope="col">Device</th><th scope="col">Address</th><th scope="col">Signed in</th><th scope="col">Last seen</th><th scope="col"><span class="visually-hidden">End the session</span></th></tr></thead>
<tbody>
${current.map((one) => row(one, true, now))}${others.map((one) => row(one, false, now))}</tbody>
</table></div>
</section>
<section aria-labelledby="sign-out">
<h2 id="sign-out">Sign out</h2>
<form class="card ways-out" method="post" action="/auth/logout">
${wayOut('session', html`<button name="scope" value="session" aria-describedby="out-session">Sign out here</button>`, 'This browser, on every service. Your other devices stay signed in.')}
${wayOut('others', html`<button name="scope" value="others" aria-describedby="out-others"${others.length === 0 && html` disabled`}>Sign out other sessions</button>`, others.length === 0 ? 'Every other device and browser. There is none right now.' : 'Every other device and browser. You stay signed in here.')}
${wayOut('user', html`<button name="scope" value="user" class="danger" aria-describedby="out-user">Sign out everywhere</button>`, 'Every device and browser, this one too. For a device that was lost, or when in doubt. What it has open at your sign-in provider is the provider’s to end.')}
</form>
</section>`
}

const place = (path: string, name: string, about: string) =>
  html`<li><a class="card" href="${path}"><strong>${name}</strong><span class="soft">${about}</span></a></li>`

function countOf(others: number): string {
  if (others === 0) return 'In this browser only.'
  return others === 1 ? 'Here, and in one other place.' : `Here, and in ${others} other places.`
}

function row({ record, lastSeenAt }: ListedSession, isCurrent: boolean, now: number): Html {
  const { ref, device, createdAt } = record
  const name = deviceName(device.userAgent)
  return html`<tr${isCurrent && html` class="current"`}>
<th scope="row">${name}${isCurrent && html` <span class="badge ok">this browser</span>`}</th>
<td data-label="Address"><span>${addressName(device.ip)}</span></td>
<td data-label="Signed in">${moment(createdAt, now)}</td>
<td data-label="Last seen">${isCurrent ? html`<span>now</span>` : moment(lastSeenAt, now)}</td>
<td class="actions">${!isCurrent && html`<form method="post" action="/auth/sessions/${ref}/end"><button class="small danger">End<span class="visually-hidden"> the session of ${name} at ${addressName(device.ip)}, ${moment(createdAt, now)}</span></button></form>`}</td>
</tr>
`
}

const wayOut = (id: string, button: Html, about: string) =>
  html`<div class="way-out">${button}<p id="out-${id}">${about}</p></div>`
