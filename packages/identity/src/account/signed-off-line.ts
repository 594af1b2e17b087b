import { type Html, html } from '@curfew/service'
import type { Farewell } from './farewells.js'
import { totalOf } from './receipt-paper.js'
import { HEADLINES } from './signed-off-page.js'

/** What the first page says to somebody who has just signed out, and is back from the provider. */
export function signedOffLine(capability: string, { scope, receipt }: Farewell): Html {
  // `stay`: they have been at the provider, to which the page would lead on.
  return html`<p class="signed-off">${receipt.confirmed && tick}<span>${HEADLINES[scope]}. ${totalOf(receipt)}. <a href="/auth/signed-off/${capability}?stay=1">See the receipt</a></span></p>`
}

const tick = html`<svg class="tick" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false"><path d="m4.5 10.5 3.7 3.8 7.3-8.6"/></svg>`
