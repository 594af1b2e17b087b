import type { Receipt } from '@curfew/contract'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Answer } from '../ask.js'
import { ReceiptView } from './receipt.js'

/** What an admin is asked before something is done, and what does it. */
export interface Asked {
  readonly title: string
  readonly sentence: string
  /** What the button says that does it. */
  readonly verb: string
  /** Asks for a reason too, which may stay empty. */
  readonly withReason?: boolean
  /** It takes something away for longer than a moment. */
  readonly isGrave?: boolean
  readonly act: (reason: string) => Promise<Answer<Receipt | object>>
}

interface Given {
  readonly receipt: Receipt
  readonly location: string | null
}

/** Asks, does it, and shows in the same place how it went. */
export function QuestionDialog({
  asked,
  onClose,
}: {
  readonly asked: Asked
  readonly onClose: (isDone: boolean) => void
}) {
  const { title, sentence, verb, withReason = false, isGrave = false, act } = asked
  const dialog = useRef<HTMLDialogElement>(null)
  const reason = useRef<HTMLInputElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [given, setGiven] = useState<Given | null>(null)
  const isDone = useRef(false)
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])

  async function doIt(submitted: Event): Promise<void> {
    submitted.preventDefault()
    if (isBusy) return
    setBusy(true)
    setTrouble(null)
    const answer = await act(reason.current?.value.trim() ?? '')
    setBusy(false)
    if (!answer.ok) return setTrouble(answer.detail)
    isDone.current = true
    if (isReceipt(answer.body)) setGiven({ receipt: answer.body, location: answer.location })
    else dialog.current?.close()
  }

  return (
    <dialog ref={dialog} aria-labelledby="question-title" onClose={() => onClose(isDone.current)}>
      {given !== null ? (
        <ReceiptView first={given.receipt} location={given.location} onDone={() => dialog.current?.close()} />
      ) : (
        <form onSubmit={doIt}>
          <h2 id="question-title">{title}</h2>
          <p>{sentence}</p>
          {withReason && (
            <div class="field">
              <label for="question-reason">Reason</label>
              <input
                ref={reason}
                id="question-reason"
                maxLength={500}
                placeholder="For the log, and for the next admin"
              />
            </div>
          )}
          {trouble !== null && (
            <p class="notice danger" role="alert">
              {trouble}
            </p>
          )}
          <p class="actions">
            {/* Not disabled: whoever pressed it by the keyboard would lose their place where it is refused. */}
            <button type="submit" class={isGrave ? 'danger' : 'primary'} aria-disabled={isBusy}>
              {verb}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      )}
    </dialog>
  )
}

const isReceipt = (body: object): body is Receipt => 'instances' in body && 'confirmed' in body
