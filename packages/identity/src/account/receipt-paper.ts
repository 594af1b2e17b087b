import type { InstanceReceipt, Receipt } from '@curfew/contract'
import { type Html, html } from '@curfew/service'
import { tookWords } from './moments.js'

/** A receipt as one gets it in a shop: a line for each instance, and the sum. */
export function receiptPaper(receipt: Receipt): Html {
  const { event, instances } = receipt
  return html`<section class="receipt" aria-labelledby="receipt">
<div class="receipt-head">
<h2 id="receipt">Receipt</h2>
<p>Sign-off no. ${event.sequence}</p>
</div>
${instances.length > 0 && html`<ul class="receipt-lines">${instances.map(line)}</ul>`}
<p class="receipt-total">${totalOf(receipt)}</p>
${notesOn(receipt).map((note) => html`<p class="receipt-note">${note}</p>`)}
<p class="receipt-foot">${event.type}<br>${event.id}</p>
</section>`
}

const line = ({ id, state, ms, hook }: InstanceReceipt) => html`<li class="${state}">
<span class="receipt-name">${id}</span> <span class="receipt-state">${state}</span> <span class="receipt-ms">${ms === undefined ? '' : tookWords(ms)}</span>${hook === 'failed' && html` <span class="receipt-hook">a hook failed</span>`}
</li>`

/** The sum: who has confirmed, and how long it took. */
export function totalOf({ confirmed, instances, tookMs }: Receipt): string {
  const took = tookWords(tookMs)
  if (instances.length === 0)
    return confirmed ? `Confirmed in ${took}; no instance was running` : 'Not confirmed yet'
  const applied = instances.filter(({ state }) => state === 'applied').length
  const share = `${applied} of ${instances.length} ${instances.length === 1 ? 'instance' : 'instances'}`
  return confirmed
    ? `Confirmed by ${share} in ${took}`
    : `Not confirmed yet: applied by ${share} after ${took}`
}

/** What stands on it besides `applied`, in words for the person. */
function notesOn({ confirmed, instances, boundMs, tookMs }: Receipt): string[] {
  const notes: string[] = []
  if (!confirmed) notes.push(tookMs <= boundMs ? fills(boundMs) : LATE)
  if (instances.some(({ state }) => state === 'lapsed')) notes.push(LAPSED)
  if (instances.some(({ hook }) => hook === 'failed')) notes.push(HOOK_FAILED)
  return notes
}

const fills = (boundMs: number) =>
  `An instance that has not answered ${tookWords(boundMs).replace(' ', '\u00a0')} after it was recorded serves nothing from memory any more. This receipt fills by itself until then.`

const LATE =
  'It takes longer than it should: our store can’t be asked right now. This receipt goes on by itself as soon as it can.'

const LAPSED =
  'Lapsed: it did not answer, and its lease has run out. Without one it serves nothing from memory.'

const HOOK_FAILED =
  'A hook failed: a service could not clean up after a session in time. It does not serve the session all the same.'
