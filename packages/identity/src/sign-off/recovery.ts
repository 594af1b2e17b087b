import {
  boundMs,
  createEvent,
  type Keys,
  nonceCandidate,
  patienceMs,
  renewalIntervalMs,
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
  readonly remembered: Pick<Remembered, 'between' | 'blocked' | 'upTo'>
  readonly guard: Pick<Guard, 'renew'>
  readonly times: SessionTimes
  readonly leaseMs: number
  /** Told once it is over: how many sign-offs were recorded again, or that everybody was signed off. */
  readonly onRecovered: (outcome: number | 'everyone') => void
  readonly onError: (error: unknown) => void
}

/** How long an identity that does not remember what is missing waits for one that does. Milliseconds. */
export function waitForOthersMs(leaseMs: number): number {
  return Math.max(boundMs(leaseMs), 2 * patienceMs(leaseMs))
}

/** With a very short lease a busy process may be told less often than that. Milliseconds. */
const SHORT_MS = 250

/** Whose turn it is, by how long one has waited. In the first everybody only says up to where they know. */
const TURNS = ['nobody', 'who knows all', 'who knows most', 'anybody'] as const
type Turn = (typeof TURNS)[number]

interface ToRecordAgain {
  readonly history: string
  readonly head: number
  readonly missing: ReadonlyArray<SignOff<TargetOfOne>>
  /** Whether we still had the lease of the history before. */
  readonly leased: boolean
}

interface IfBehind {
  readonly history: string
  readonly head: number
  readonly knowsUpTo: number
  readonly turn: Turn
}

/**
 * What identity does about a Redis that has lost sign-offs (restored from an older snapshot, emptied, or a
 * failover that lost its newest writes): until it is done, nobody is answered from that Redis.
 *
 * Where this identity remembers every sign-off that is missing, it records those again, and nobody else
 * notices: at once if it still held its lease, since nothing can have been confirmed without it; else when
 * everybody who lives has said what they have seen, and nobody has seen more.
 *
 * Otherwise it waits for another identity that does. Then it is not known whose sessions should be over, so all
 * of them are; blocks are set again as far as they are remembered. That is done first by an identity that knows
 * of every block that anybody may have seen; when as much time again has passed by the one that knows of the
 * most; and in the end by anybody.
 */
export function createRecovery(options: RecoveryOptions) {
  const { recordDurably, keys, remembered, guard, times, leaseMs, onRecovered, onError } = options
  const othersMs = waitForOthersMs(leaseMs)
  let recovering = false
  let since: { readonly history: string; readonly at: number; readonly toldAt: number } | null = null

  /** Told again and again while Redis is behind. */
  function onBehind(behind: StoreBehind): void {
    const { history } = behind
    const now = performance.now()
    // Whoever is not told for a while was not behind any more: closed anew, everybody gets their time anew.
    const goesOn =
      since?.history === history && now - since.toldAt < Math.max(renewalIntervalMs(leaseMs), SHORT_MS)
    since = { history, at: goesOn && since ? since.at : now, toldAt: now }
    if (recovering) return
    recovering = true
    recover(behind, now - since.at)
      .catch(onError)
      .finally(() => {
        recovering = false
      })
  }

  async function recover({ history, head, followed }: StoreBehind, waitedMs: number): Promise<void> {
    const outcome = await attempt()
    if (outcome === null) return
    since = null
    onRecovered(outcome)
    await guard.renew()

    async function attempt(): Promise<number | 'everyone' | null> {
      const leased = followed?.leased === true
      const missing = followed && remembered.between(head, followed.applied)
      if (missing !== null && missing.length > 0 && (leased || waitedMs >= patienceMs(leaseMs))) {
        if (await recordAgain({ history, head, missing, leased })) return missing.length
      }
      const { upTo } = remembered
      const knowsUpTo = followed !== null && upTo?.history === followed.history ? upTo.sequence : 0
      const turn = TURNS[Math.floor(waitedMs / othersMs)] ?? 'anybody'
      return (await endEveryone({ ifBehind: { history, head, knowsUpTo, turn } })) ? 'everyone' : null
    }
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
      reason: target.kind === 'user' && target.except !== undefined ? 'others' : reason,
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

  /**
   * False when there is no need any more, or it is not our turn.
   *
   * @param options with `ifBehind` only if Redis is behind, still in this history and at this head, and in the turn of an
   *   identity that knows of every block up to a number
   */
  async function endEveryone(options: { readonly ifBehind: IfBehind | null }): Promise<boolean> {
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
        options.ifBehind?.knowsUpTo ?? '',
        JSON.stringify(event),
        event.id,
        keys.channels.signoffs,
        keys.prefix,
        JSON.stringify(blocked),
        options.ifBehind?.turn ?? 'anybody',
        options.ifBehind?.history ?? '',
        options.ifBehind?.head ?? '',
      ],
    )
    return parseRecordReply(reply).kind === 'recorded'
  }

  return { onBehind, endEveryone }
}
