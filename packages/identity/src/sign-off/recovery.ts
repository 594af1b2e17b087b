import {
  boundMs as boundOf,
  createEvent,
  type Keys,
  nonceCandidate,
  patienceMs,
  type SignOff,
  type TargetOfOne,
} from '@curfew/contract'
import type { Guard, StoreBehind } from '@curfew/guard'
import { RECORD_SLACK_MS } from '../sessions/scripts.js'
import type { SessionTimes } from '../sessions/sessions.js'
import type { RecordDurably } from './record-durably.js'
import { END_EVERYONE, RECORD_AGAIN } from './recovery-scripts.js'
import type { Remembered } from './remembered.js'
import { parseRecordReply } from './replies.js'

export interface RecoveryOptions {
  readonly recordDurably: RecordDurably
  readonly keys: Keys
  readonly remembered: Pick<Remembered, 'between' | 'blocked'>
  readonly guard: Pick<Guard, 'renew'>
  readonly times: SessionTimes
  readonly leaseMs: number
  /** Told once it is over: how many sign-offs were recorded again, or that everybody was signed off. */
  readonly onRecovered: (outcome: number | 'everyone') => void
  readonly onError: (error: unknown) => void
}

interface ToRecordAgain {
  readonly history: string
  readonly head: number
  readonly missing: ReadonlyArray<SignOff<TargetOfOne>>
  /** Whether we still had the lease of the history before. */
  readonly leased: boolean
}

/**
 * What identity does about a Redis that has lost sign-offs (restored from an older snapshot, emptied, or a
 * failover that lost its newest writes): until it is done, nobody is answered from that Redis.
 *
 * Where this identity remembers every sign-off that is missing, it records those again, and nobody else
 * notices: at once if it still held its lease, since nothing can have been confirmed without it; else when
 * everybody who lives has said what they have seen, and nobody has seen more. Otherwise it is not known
 * whose sessions should be over, so all of them are; blocks are set again as far as anybody remembers.
 */
export function createRecovery(options: RecoveryOptions) {
  const { recordDurably, keys, remembered, guard, times, leaseMs, onRecovered, onError } = options
  const boundMs = boundOf(leaseMs)
  let recovering = false
  let since: { readonly history: string; readonly at: number } | null = null

  /** Told again and again while Redis is behind. */
  function onBehind(behind: StoreBehind): void {
    const { history, followed } = behind
    if (since?.history !== history) since = { history, at: performance.now() }
    // Who has just started remembers nothing: an identity that does may be alive, and comes first.
    const waitMs = followed === null ? boundMs : followed.leased ? 0 : patienceMs(leaseMs)
    if (recovering || performance.now() - since.at < waitMs) return
    recovering = true
    recover(behind)
      .catch(onError)
      .finally(() => {
        recovering = false
      })
  }

  async function recover({ history, head, followed }: StoreBehind): Promise<void> {
    const missing = followed && remembered.between(head, followed.applied)
    if (
      missing !== null &&
      missing.length > 0 &&
      (await recordAgain({ history, head, missing, leased: followed?.leased === true }))
    ) {
      onRecovered(missing.length)
    } else if (await endEveryone('only if behind')) {
      onRecovered('everyone')
    }
    since = null
    await guard.renew()
  }

  /** Whether they were all that was missing. */
  async function recordAgain({ history, head, missing, leased }: ToRecordAgain): Promise<boolean> {
    const reply = await recordDurably(
      RECORD_AGAIN,
      [keys.history, keys.sequence, keys.signoffs, keys.log, keys.blocked, keys.expiries, keys.seen],
      [
        nonceCandidate(),
        history,
        head,
        keys.channels.signoffs,
        keys.prefix,
        times.absoluteTtlMs + RECORD_SLACK_MS,
        JSON.stringify(missing.map(toRecord)),
        leased ? 1 : 0,
      ],
    )
    return reply === 1
  }

  function toRecord({ target, reason, eventId }: SignOff<TargetOfOne>) {
    // A block that was lifted since is not set again.
    const row = reason === 'blocked' ? remembered.blocked.get(target.userId) : undefined
    const type =
      target.kind === 'session'
        ? 'session.revoked'
        : reason === 'blocked'
          ? 'user.blocked'
          : 'user.logged-out'
    const ref = target.kind === 'session' ? { ref: target.ref } : {}
    const event = createEvent('identity', type, target.userId, {
      actor: 'system',
      reason,
      ...ref,
      recordedAgain: true,
    })
    return {
      target,
      signoff: JSON.stringify({ target, reason, eventId }),
      event: JSON.stringify({ ...event, id: eventId }),
      eventId,
      ...(row ? { row, block: row['blocked'] } : {}),
    }
  }

  /** False when there is no need any more. */
  async function endEveryone(when: 'only if behind' | 'in any case'): Promise<boolean> {
    const event = createEvent('identity', 'everyone.logged-out', null, {
      actor: 'system',
      reason: 'store-behind',
    })
    const blocked = [...remembered.blocked].map(([id, row]) => ({ id, row }))
    const reply = await recordDurably(
      END_EVERYONE,
      [keys.history, keys.sequence, keys.era, keys.signoffs, keys.log, keys.members, keys.blocked],
      [
        nonceCandidate(),
        when === 'only if behind' ? 1 : 0,
        JSON.stringify(event),
        event.id,
        keys.channels.signoffs,
        keys.prefix,
        JSON.stringify(blocked),
      ],
    )
    return parseRecordReply(reply).kind === 'recorded'
  }

  return { onBehind, endEveryone }
}
