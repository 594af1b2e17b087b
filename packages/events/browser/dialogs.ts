import type { InstanceReceipt, Receipt } from '@curfew/contract'
import { type Answer, ask } from './ask.js'
import { button, element, fact } from './element.js'

export interface Question {
  readonly title: string
  readonly sentence: string
  /** What the button says that does it. */
  readonly verb: string
  /** Asks for a reason too, which may stay empty. */
  readonly withReason?: boolean
  /** It takes something away for longer than a moment. */
  readonly isGrave?: boolean
}

/**
 * Asks before something is done, does it, and shows in the same place how it went.
 *
 * @param act does it, with the reason that was given
 * @returns whether it was done
 */
export function confirmAndDo(
  { title, sentence, verb, withReason = false, isGrave = false }: Question,
  act: (reason: string) => Promise<Answer<Receipt | object>>,
): Promise<boolean> {
  const reason = element('input')
  reason.id = 'question-reason'
  reason.maxLength = 500
  reason.placeholder = 'For the log, and for the next admin'
  const label = element('label', '', 'Reason')
  label.htmlFor = reason.id
  const heading = element('h2', '', title)
  heading.id = 'question-title'
  const yes = element('button', isGrave ? 'danger' : 'primary', verb)
  const no = button('', 'Cancel', () => dialog.close())
  const trouble = element('p', 'notice danger')
  trouble.hidden = true
  const form = element(
    'form',
    '',
    heading,
    element('p', '', sentence),
    withReason && element('div', 'field', label, reason),
    trouble,
    element('p', 'actions', yes, no),
  )
  const dialog = element('dialog', '', form)
  dialog.setAttribute('aria-labelledby', heading.id)
  let isDone = false

  form.addEventListener('submit', async (submitted) => {
    submitted.preventDefault()
    yes.disabled = true
    const answer = await act(reason.value.trim())
    yes.disabled = false
    if (!answer.ok) {
      trouble.textContent = answer.detail
      trouble.hidden = false
      return
    }
    isDone = true
    if (!isReceipt(answer.body)) return dialog.close()
    await showReceipt(dialog, answer.body, answer.location)
  })

  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(isDone)
    })
  })
}

/** A receipt that is not confirmed yet is asked for again, until its bound has passed. */
async function showReceipt(
  dialog: HTMLDialogElement,
  first: Receipt,
  location: string | null,
): Promise<void> {
  const deadline = performance.now() + first.boundMs + 1_000
  let receipt = first
  for (;;) {
    dialog.replaceChildren(receiptView(receipt, () => dialog.close()))
    if (receipt.confirmed || location === null || performance.now() > deadline || !dialog.open) return
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    const answer = await ask<Receipt>(location)
    if (answer.ok) receipt = answer.body
  }
}

const ASK_AGAIN_MS = 500

function receiptView(receipt: Receipt, onClose: () => void): HTMLElement {
  const { confirmed, sessions, instances, tookMs, boundMs, event } = receipt
  const ended = sessions === 1 ? 'One session is' : `${sessions} sessions are`
  const close = button('primary', 'Done', onClose)
  close.autofocus = true
  return element(
    'div',
    'receipt',
    element('p', `badge ${confirmed ? 'ok' : 'warn live'}`, confirmed ? 'Confirmed' : 'Not confirmed yet'),
    element('h2', '', confirmed ? overAs(event.type) : 'Recorded, and on its way'),
    element(
      'p',
      '',
      confirmed
        ? `${ended} over. Every instance knows it, ${milliseconds(tookMs)} after you asked.`
        : `${ended} over. Not every instance has said so yet; ${milliseconds(boundMs)} after you asked none can serve them any more.`,
    ),
    element('ul', 'receipt-instances', ...instances.map(instanceRow)),
    element(
      'dl',
      'facts small',
      ...fact('Event', element('code', '', event.type)),
      ...fact('Sign-off number', String(event.sequence)),
    ),
    element('p', 'actions', close),
  )
}

const overAs = (type: Receipt['event']['type']) =>
  type === 'session.revoked' ? 'That session is over' : 'Gone everywhere'

function instanceRow({ id, state, ms }: InstanceReceipt): HTMLLIElement {
  return element(
    'li',
    '',
    element('span', 'mono', id),
    element('span', `badge ${STATES[state].tone}`, STATES[state].words),
    element('span', 'soft', ms === undefined ? '' : milliseconds(ms)),
  )
}

const STATES = {
  applied: { words: 'applied', tone: 'ok' },
  lapsed: { words: 'lapsed: serves nothing', tone: 'info' },
  pending: { words: 'pending', tone: 'warn' },
}

const milliseconds = (ms: number) => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`)

const isReceipt = (body: object): body is Receipt => 'instances' in body && 'confirmed' in body
