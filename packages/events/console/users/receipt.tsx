import type { InstanceReceipt, Receipt } from '@curfew/contract'
import { useEffect, useRef, useState } from 'preact/hooks'
import { duration } from '../../src/duration.js'
import { ask } from '../ask.js'

/** How long to wait before each look; the last for ever after. Most instances answer within milliseconds. */
const LOOK_AGAIN_MS = [30, 60, 120, 250, 400]
/** So long identity keeps a receipt. */
const KEPT_FOR_MS = 10 * 60_000

interface ReceiptViewProps {
  readonly first: Receipt
  /** Where to ask how it stands; null when it is confirmed. */
  readonly location: string | null
  readonly onDone: () => void
}

/** A receipt. One that is not confirmed yet fills while it is looked at. */
export function ReceiptView({ first, location, onDone }: ReceiptViewProps) {
  const { receipt, isUnheard } = useFilling(first, location)
  const elapsedMs = useElapsed(receipt)
  const done = useRef<HTMLButtonElement>(null)
  useEffect(() => done.current?.focus(), [])
  const { confirmed, instances, event, boundMs } = receipt
  const settled = instances.filter(({ state }) => state !== 'pending').length
  return (
    <div class="receipt">
      <p class={`badge ${confirmed ? 'ok' : 'warn live'}`}>{confirmed ? 'Confirmed' : 'Not confirmed yet'}</p>
      <h2 id="question-title">{confirmed ? overAs(event.type) : 'Recorded, and on its way'}</h2>
      {/* Said aloud when it changes, and only then. */}
      <p role="status">
        {inWords(receipt)}
        {isUnheard && ' Right now nobody can tell how it stands; it is asked again and again.'}
      </p>
      <div class="receipt-progress">
        <progress max={instances.length} value={settled} aria-label="Instances that can serve it no more" />
        <span class="soft">
          {settled} of {instances.length}
          {confirmed
            ? ''
            : ` · ${duration(Math.round(elapsedMs / 100) * 100)} of at most ${duration(boundMs)}`}
        </span>
      </div>
      <ul class="receipt-instances">
        {instances.map((instance) => (
          <InstanceRow key={instance.id} instance={instance} elapsedMs={elapsedMs} />
        ))}
      </ul>
      <dl class="facts small">
        <dt>Event</dt>
        <dd>
          <a href={`/console?event=${encodeURIComponent(event.id)}`}>{event.type}</a>
        </dd>
        <dt>Sign-off</dt>
        <dd>no. {event.sequence}</dd>
      </dl>
      <p class="actions">
        <button type="button" class="primary" ref={done} onClick={onDone}>
          Done
        </button>
      </p>
    </div>
  )
}

interface Filling {
  readonly receipt: Receipt
  /** It could not be asked how it stands. */
  readonly isUnheard: boolean
}

/** Asks for the receipt again and again until it is confirmed, or kept no more. */
function useFilling(first: Receipt, location: string | null): Filling {
  const [filling, setFilling] = useState<Filling>({ receipt: first, isUnheard: false })
  useEffect(() => {
    if (location === null) return
    const deadline = performance.now() + KEPT_FOR_MS
    let timer: ReturnType<typeof setTimeout> | undefined
    let looks = 0
    const lookAgain = () => {
      const waitMs = LOOK_AGAIN_MS[looks++] ?? LOOK_AGAIN_MS.at(-1)
      timer = setTimeout(look, waitMs)
    }
    async function look(): Promise<void> {
      const answer = await ask<Receipt>(location ?? '')
      if (timer === undefined) return
      setFilling(({ receipt }) =>
        answer.ok ? { receipt: answer.body, isUnheard: false } : { receipt, isUnheard: true },
      )
      if (!(answer.ok && answer.body.confirmed) && performance.now() < deadline) lookAgain()
    }
    lookAgain()
    return () => {
      clearTimeout(timer)
      timer = undefined
    }
  }, [location])
  return filling
}

/** How long it takes so far, by the clock of identity, going on between its answers. */
function useElapsed({ tookMs, confirmed }: Receipt): number {
  const [elapsed, setElapsed] = useState(tookMs)
  useEffect(() => {
    if (confirmed) return
    const since = performance.now()
    const timer = setInterval(() => setElapsed(tookMs + performance.now() - since), 100)
    return () => clearInterval(timer)
  }, [tookMs, confirmed])
  return confirmed ? tookMs : Math.max(elapsed, tookMs)
}

function InstanceRow({
  instance,
  elapsedMs,
}: {
  readonly instance: InstanceReceipt
  readonly elapsedMs: number
}) {
  const { id, state, ms, hook } = instance
  const { tone, title } = STATES[state]
  return (
    <li class={`receipt-${state}`}>
      <span class="mono">{id}</span>
      <span class="receipt-badges">
        {hook === 'failed' && (
          <span
            class="badge danger"
            title="The service could not clean up in time. It does not serve the session all the same."
          >
            a hook failed
          </span>
        )}
        <span class={`badge ${tone}`} title={title}>
          {state}
        </span>
      </span>
      <span class="soft receipt-ms">
        {ms !== undefined
          ? duration(ms)
          : state === 'pending'
            ? duration(Math.round(elapsedMs / 100) * 100)
            : ''}
      </span>
    </li>
  )
}

const STATES = {
  applied: { tone: 'ok', title: 'It has dropped what was signed off.' },
  lapsed: { tone: 'info', title: 'It did not answer, and has no lease any more: it serves nothing.' },
  pending: { tone: 'warn live', title: 'It has not answered yet.' },
}

function inWords({ confirmed, sessions, instances, tookMs, boundMs }: Receipt): string {
  const ended = sessions === 1 ? 'One session is over.' : `${sessions} sessions are over.`
  const them = sessions === 1 ? 'it' : 'them'
  if (confirmed) {
    const known = instances.every(({ state }) => state === 'applied')
    const so = known ? 'Every instance knows it' : `No instance can serve ${them} any more`
    return `${ended} ${so}, ${duration(tookMs)} after you asked.`
  }
  if (tookMs <= boundMs)
    return `${ended} Not every instance has said so yet; ${duration(boundMs)} after you asked none can serve ${them} any more.`
  return `${ended} It takes longer than it should to confirm that, since Redis can’t be asked right now.`
}

const overAs = (type: Receipt['event']['type']) =>
  type === 'session.revoked' ? 'That session is over' : 'Gone everywhere'
