import { type Html, html } from '@curfew/service'
import { deviceName } from '@curfew/service/browser/device-name'
import { addressName } from '#browser/address-name.js'
import type { ListedSession } from '../sessions/sessions.js'
import { moment } from './moments.js'

export interface DevicesOptions {
  /** The session that the page is shown under. */
  readonly currentRef: string
  readonly listed: readonly ListedSession[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** Where somebody is signed in: this browser first, and each of the others with a way to end it. */
export function devices({ currentRef, listed, now }: DevicesOptions): Html {
  const others = listed.filter(({ record }) => record.ref !== currentRef)
  const current = listed.filter(({ record }) => record.ref === currentRef)
  return html`<section aria-labelledby="devices">
<h2 id="devices">Where you are signed in</h2>
<div class="table-wrap stack devices"><table>
<caption>${countOf(others.length)}</caption>
<thead><tr><th scope="col">Device</th><th scope="col">Address</th><th scope="col">Signed in</th><th scope="col">Last seen</th><th scope="col"><span class="visually-hidden">End the session</span></th></tr></thead>
<tbody>
${current.map((one) => row(one, true, now))}${others.map((one) => row(one, false, now))}</tbody>
</table></div>
</section>`
}

export function countOf(others: number): string {
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
