import type { Receipt } from '@curfew/contract'
import type { Answer } from './ask.js'
import { button, element } from './element.js'
import { showReceipt } from './receipt-view.js'

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

const isReceipt = (body: object): body is Receipt => 'instances' in body && 'confirmed' in body
