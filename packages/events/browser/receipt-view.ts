import type { InstanceReceipt, Receipt } from '@curfew/contract'
import { ask } from './ask.js'
import { button, element, fact } from './element.js'

const ASK_AGAIN_MS = 400
/** So long identity keeps a receipt. */
const KEPT_FOR_MS = 10 * 60_000

/**
 * Shows a receipt in a dialog. One that is not confirmed yet fills while it is open.
 *
 * @param location where to ask how it stands; null when it is confirmed
 */
export async function showReceipt(
  dialog: HTMLDialogElement,
  first: Receipt,
  location: string | null,
): Promise<void> {
  const shown = element('div')
  // Said aloud when it changes, and only then.
  shown.setAttribute('role', 'status')
  const close = button('primary', 'Done', () => dialog.close())
  close.autofocus = true
  dialog.replaceChildren(element('div', 'receipt', shown, element('p', 'actions', close)))
  close.focus()

  const deadline = performance.now() + KEPT_FOR_MS
  let receipt = first
  let said = ''
  for (;;) {
    const says = lookOf(receipt)
    if (says !== said) shown.replaceChildren(...receiptParts(receipt))
    said = says
    if (receipt.confirmed || location === null || performance.now() > deadline) return
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    if (!dialog.open) return
    const answer = await ask<Receipt>(location)
    if (answer.ok) receipt = answer.body
  }
}

/** While it is pending only the time goes on, which is no news. */
function lookOf({ confirmed, instances, boundMs, tookMs }: Receipt): string {
  return JSON.stringify([confirmed, instances, tookMs > boundMs])
}

function receiptParts(receipt: Receipt): HTMLElement[] {
  const { confirmed, instances, event } = receipt
  return [
    element('p', `badge ${confirmed ? 'ok' : 'warn live'}`, confirmed ? 'Confirmed' : 'Not confirmed yet'),
    element('h2', '', confirmed ? overAs(event.type) : 'Recorded, and on its way'),
    element('p', '', inWords(receipt)),
    element('ul', 'receipt-instances', ...instances.map(instanceRow)),
    element(
      'dl',
      'facts small',
      ...fact('Event', element('code', '', event.type)),
      ...fact('Sign-off number', String(event.sequence)),
    ),
  ]
}

function inWords({ confirmed, sessions, instances, tookMs, boundMs }: Receipt): string {
  const ended = sessions === 1 ? 'One session is over.' : `${sessions} sessions are over.`
  const them = sessions === 1 ? 'it' : 'them'
  if (confirmed) {
    const known = instances.every(({ state }) => state === 'applied')
    const so = known ? 'Every instance knows it' : `No instance can serve ${them} any more`
    return `${ended} ${so}, ${milliseconds(tookMs)} after you asked.`
  }
  if (tookMs <= boundMs)
    return `${ended} Not every instance has said so yet; ${milliseconds(boundMs)} after you asked none can serve ${them} any more.`
  return `${ended} It takes longer than it should to confirm that, since Redis can’t be asked right now.`
}

const overAs = (type: Receipt['event']['type']) =>
  type === 'session.revoked' ? 'That session is over' : 'Gone everywhere'

function instanceRow({ id, state, ms, hook }: InstanceReceipt): HTMLLIElement {
  const failed = element('span', 'badge danger', 'a hook failed')
  failed.title = 'The service could not clean up in time. It does not serve the session all the same.'
  const badge = element('span', `badge ${STATES[state].tone}`, state)
  badge.title = STATES[state].title
  return element(
    'li',
    '',
    element('span', 'mono', id),
    element('span', 'receipt-badges', hook === 'failed' && failed, badge),
    element('span', 'soft', ms === undefined ? '' : milliseconds(ms)),
  )
}

const STATES = {
  applied: { tone: 'ok', title: 'It has dropped what was signed off.' },
  lapsed: { tone: 'info', title: 'It did not answer, and has no lease any more: it serves nothing.' },
  pending: { tone: 'warn live', title: 'It has not answered yet.' },
}

const milliseconds = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`)
