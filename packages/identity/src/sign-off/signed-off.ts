import { setTimeout as pause } from 'node:timers/promises'
import type { EventType, Receipt } from '@curfew/contract'
import type { Bell, Followed } from './bell.js'
import { confirmedBy, instancesOf, type Recorded, roundMs } from './confirmation.js'
import type { ConfirmedFacts, SignOffStory } from './confirmed-facts.js'
import type { RecordReply } from './replies.js'

/** A sign-off that is recorded and durable, while it is being confirmed. */
export interface SignedOff {
  /** How it stands now. */
  receipt(): Receipt
  /** What another identity needs to follow it in our place. */
  facts(): SignOffFacts
  /**
   * Resolves as soon as it is confirmed, or after `waitMs` with how it stands then.
   *
   * @param waitMs milliseconds; by default long enough that it is confirmed while Redis can be asked
   */
  within(waitMs?: number): Promise<Receipt>
  /** Tells each time that it was recorded again, and when it is confirmed. */
  onChange(listener: () => void): void
}

export interface SignOffFacts {
  readonly recorded: RecordedFact
  readonly type: EventType
  /** Epoch milliseconds: for people, since no two clocks are compared. */
  readonly decidedAt: number
  /** What the log says of it once it is confirmed; null where that is somebody else's to say. */
  readonly story: SignOffStory | null
}

/** How much longer than the bound an answer waits, unless told: then it says what is pending. Milliseconds. */
const PATIENCE_MS = 1_000

/** How long to wait before Redis is asked again to record what it may have lost. Milliseconds. */
const RECORD_AGAIN_MS = 250

/** `members` is null where nothing was left to be ended in this history: see {@link Recorded}. */
export type RecordedFact = Omit<RecordedReply, 'members'> & Recorded
type RecordedReply = Extract<RecordReply, { kind: 'recorded' }>

export interface ToFollow {
  readonly recorded: RecordedFact
  readonly type: EventType
  readonly story: SignOffStory | null
  /** Monotonic milliseconds. */
  readonly decidedAt: number
  /** Records it once more, in another history; it may be repeated. */
  readonly record: (before: RecordedFact) => Promise<RecordReply | RecordedFact>
  readonly onRecordedAgain?: () => void
  readonly onConfirmed?: (receipt: Receipt) => void
}

export interface FollowOptions {
  readonly bell: Pick<Bell, 'follow'>
  /** When it is aborted, nothing is recorded again any more. */
  readonly stopping?: AbortSignal | undefined
  /** When it is aborted, every answer says at once how things stand. */
  readonly leaving?: AbortSignal | undefined
  readonly facts?: Pick<ConfirmedFacts, 'confirmed'> | undefined
  onError(error: unknown): void
}

/** Follows a sign-off to its confirmation, over changes of history. */
export function followSignOff({ bell, stopping, leaving, facts, onError }: FollowOptions) {
  return function follow(toFollow: ToFollow): SignedOff {
    const { recorded, type, story, decidedAt, record, onRecordedAgain, onConfirmed } = toFollow
    const listeners = new Set<() => void>()
    let current = recorded
    let followed = bell.follow(toBeHeard(current), decidedAt)
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
        onRecordedAgain?.()
        tell()
      }
      confirmedAt = performance.now()
      onConfirmed?.(receipt())
      tell()
      if (story !== null) facts?.confirmed(story, receipt())
    }

    function tell(): void {
      for (const listener of listeners) listener()
    }

    /** Null when we are stopping. */
    async function recordAgain(): Promise<Followed | null> {
      for (let tries = 0; !stopping?.aborted; tries++) {
        try {
          const reply = await record(current)
          // Whoever remembers what is gone otherwise does so by a lease that ends.
          current =
            reply.kind === 'recorded'
              ? { ...reply, sessions: current.sessions }
              : { ...current, history: reply.history, members: null }
          return bell.follow(toBeHeard(current), decidedAt)
        } catch (error) {
          // Redis is away, or not open yet: it stays pending, which is what the receipt says.
          if (tries === 0) onError(error)
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
      facts: () => ({
        recorded: current,
        type,
        story,
        decidedAt: Math.round(Date.now() - (performance.now() - decidedAt)),
      }),
      onChange: (listener) => void listeners.add(listener),
      async within(waitMs = confirmedBy(followed.confirmation) - performance.now() + PATIENCE_MS) {
        const waiting = new AbortController()
        const answer = () => waiting.abort()
        leaving?.addEventListener('abort', answer)
        const { signal } = waiting
        const deadline = pause(leaving?.aborted ? 0 : Math.max(0, waitMs), undefined, { signal })
        await Promise.race([confirmed, deadline.catch(ignoreAbort)])
        leaving?.removeEventListener('abort', answer)
        waiting.abort()
        return receipt()
      },
    }
  }
}

/** In another history its number says nothing. */
function toBeHeard(recorded: RecordedFact): Recorded {
  return recorded.members === null ? { ...recorded, sequence: 0 } : recorded
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
