import { setTimeout as pause } from 'node:timers/promises'
import type { EventType, Receipt } from '@curfew/contract'
import type { Bell, Followed } from './bell.js'
import { confirmedBy, instancesOf, roundMs } from './confirmation.js'
import type { RecordReply } from './replies.js'

/** A sign-off that is recorded and durable, while it is being confirmed. */
export interface SignedOff {
  /** How it stands now. */
  receipt(): Receipt
  /**
   * Resolves as soon as it is confirmed, or after `waitMs` with how it stands then.
   *
   * @param waitMs milliseconds; by default long enough that it is confirmed while Redis can be asked
   */
  within(waitMs?: number): Promise<Receipt>
}

/** How much longer than the bound an answer waits, unless told: then it says what is pending. Milliseconds. */
const PATIENCE_MS = 1_000

/** How long to wait before Redis is asked again to record what it may have lost. Milliseconds. */
const RECORD_AGAIN_MS = 250

type RecordedReply = Extract<RecordReply, { kind: 'recorded' }>

export interface ToFollow {
  readonly recorded: RecordedReply
  readonly type: EventType
  /** Monotonic milliseconds. */
  readonly decidedAt: number
  /** Records it once more; it may be repeated. */
  readonly record: () => Promise<RecordReply>
  readonly onConfirmed: (receipt: Receipt) => void
}

/** Follows a sign-off to its confirmation, over changes of history. */
export function followSignOff({ bell, stopping }: { bell: Bell; stopping?: AbortSignal }) {
  return function follow({ recorded, type, decidedAt, record, onConfirmed }: ToFollow): SignedOff {
    let current = recorded
    let followed = bell.follow(current, decidedAt)
    let confirmedAt: number | null = null
    const confirmed = untilConfirmed()

    async function untilConfirmed(): Promise<void> {
      for (;;) {
        const outcome = await followed.outcome
        if (outcome === 'closed') return
        if (outcome === 'confirmed') break
        const again = await recordAgain()
        if (again === null) return
        followed = again
      }
      confirmedAt = performance.now()
      onConfirmed(receipt())
    }

    /** Null when we are stopping. */
    async function recordAgain(): Promise<Followed | null> {
      while (!stopping?.aborted) {
        try {
          const reply = await record()
          // Nothing is left of it in this history, so what is to be waited for is the leases from before.
          current = reply.kind === 'recorded' ? reply : { ...current, history: reply.history, members: [] }
          return bell.follow(current, decidedAt)
        } catch {
          // Redis is away, or not open yet: it stays pending, which is what the receipt says.
          await pause(RECORD_AGAIN_MS, undefined, { ref: false })
        }
      }
      return null
    }

    function receipt(): Receipt {
      const { confirmation } = followed
      const at = confirmedAt ?? performance.now()
      return {
        event: { id: current.eventId, type, sequence: current.sequence },
        sessions: current.sessions,
        confirmed: confirmedAt !== null,
        tookMs: roundMs(at - decidedAt),
        boundMs: Math.ceil(confirmedBy(confirmation) - decidedAt),
        instances: instancesOf(confirmation, at),
      }
    }

    return {
      receipt,
      async within(waitMs = confirmedBy(followed.confirmation) - performance.now() + PATIENCE_MS) {
        const waiting = new AbortController()
        const deadline = pause(Math.max(0, waitMs), undefined, { signal: waiting.signal }).catch(ignoreAbort)
        await Promise.race([confirmed, deadline])
        waiting.abort()
        return receipt()
      },
    }
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
