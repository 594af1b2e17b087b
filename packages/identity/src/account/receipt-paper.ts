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

const line = ({ id, state, ms }: InstanceReceipt) => html`<li class="${state}">
<span class="receipt-name">${id}</span> <span class="receipt-state">${state}</span> <span class="receipt-ms">${ms === undefined ? '' : tookWords(ms)}</span>
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
    : `Not confirmed yet: ${share} had answered after ${took}`
}

/** What the states other than `applied` mean for the person. */
function notesOn({ confirmed, instances, boundMs }: Receipt): string[] {
  const hasLapsed = instances.some(({ state }) => state === 'lapsed')
  return [
    ...(hasLapsed
      ? ['Lapsed: it did not answer, and its lease has run out. Without one it serves nothing from memory.']
      : []),
    ...(confirmed
      ? []
      : [
          `No instance can serve what has ended for longer than ${tookWords(boundMs)} after it was recorded. This receipt says how it stood when it was written, and doesn’t change.`,
        ]),
  ]
}
