import { type Keys, type Member, nonceCandidate, parseAwaited } from '@curfew/contract'
import { z } from 'zod'
import type { RecordDurably } from './record-durably.js'
import { rowsIn } from './replies.js'
import { TAKE_OVER } from './scripts.js'
import {
  type FollowOptions,
  followSignOff,
  type RecordedFact,
  type SignedOff,
  type SignOffFacts,
} from './signed-off.js'

export interface TakeOverOptions extends FollowOptions {
  readonly recordDurably: RecordDurably
  readonly keys: Keys
}

/**
 * Follows a sign-off that another identity has recorded, in its place: it may have died.
 *
 * When it was recorded is known by that one's clock only, so the bound is counted anew, from now on. What
 * instances have acknowledged stands in their rows; one whose row is gone is waited for until the bound.
 *
 * @throws when Redis can't be asked, is not open, or has lost the sign-off: then it is as pending as before
 */
export async function takeOver(
  { recordDurably, keys, ...following }: TakeOverOptions,
  { recorded, type, story, decidedAt }: SignOffFacts,
): Promise<SignedOff> {
  // By our clock it was decided before we looked it up, whatever the other's clock says.
  const decidedBeforeNow = performance.now() - Math.max(0, Date.now() - decidedAt)
  return followSignOff(following)({
    recorded: await lookUp(),
    type,
    story,
    decidedAt: decidedBeforeNow,
    record: lookUp,
  })

  /** How it stands in Redis. */
  async function lookUp(): Promise<RecordedFact> {
    const reply = await recordDurably(
      TAKE_OVER,
      [keys.history, keys.sequence, keys.members, keys.signoffs],
      [nonceCandidate(), recorded.sequence, recorded.eventId],
    )
    const [history, isOpen, isThere, ...parts] = Reply.parse(reply)
    if (isOpen === 0) throw new Error('the history that Redis has is not open')
    const rows = rowsIn(parts).map(([instance, row]) => parseAwaited(instance, row, history))
    if (history === recorded.history) {
      return { ...recorded, members: recorded.members && renewed(recorded.members, rows) }
    }
    if (isThere === 0) throw new Error('the history that Redis has does not hold this sign-off')
    return { ...recorded, history, members: rows }
  }
}

/** Who has joined since has done so with this sign-off applied, so who was there then is who is waited for. */
function renewed(members: readonly Member[], rows: readonly Member[]): Member[] {
  return members.map((member) => rows.find(({ id }) => id === member.id) ?? member)
}

const Reply = z.tuple([z.string(), z.number(), z.number()], z.string())
