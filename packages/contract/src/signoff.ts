import { isRecord, isString } from './shape.js'

/** What a sign-off ends: one session under all its ids, everything a user had up to a generation, or everything. */
export type SignOffTarget =
  | { readonly kind: 'session'; readonly family: string; readonly ref: string; readonly userId: string }
  | {
      readonly kind: 'user'
      readonly userId: string /** Sessions of an older generation are over. */
      readonly generation: number /** The one family that lives on ("sign out my other sessions"). */
      readonly except?: string
    }
  /** Sessions of an older era are over, whoever's they are. */
  | { readonly kind: 'everyone'; readonly era: number }

/** What ends somebody's sessions, as opposed to everybody's. */
export type TargetOfOne = Exclude<SignOffTarget, { kind: 'everyone' }>

/** One entry of the gap-free log that guards follow. */
export interface SignOff<Target extends SignOffTarget = SignOffTarget> {
  /** 1, 2, 3… without a gap within a history. */
  readonly sequence: number
  readonly target: Target
  readonly reason: SignOffReason
  /** Id of the event in the log that tells the whole story. */
  readonly eventId: string
}

/**
 * Why a session was ended.
 *
 * | reason         | who                                                                     |
 * | -------------- | ----------------------------------------------------------------------- |
 * | `logged-out`   | the user, this session                                                  |
 * | `revoked`      | the user, another of their devices                                      |
 * | `everywhere`   | the user, all of their sessions                                         |
 * | `admin`        | an admin: one session, or the user everywhere                           |
 * | `blocked`      | an admin blocked the user                                               |
 * | `replaced`     | a new login in the same browser                                         |
 * | `store-behind` | Redis had lost sign-offs (restored, emptied): everybody, to be certain  |
 */
export type SignOffReason = (typeof SIGN_OFF_REASONS)[number]
const SIGN_OFF_REASONS = [
  'logged-out',
  'revoked',
  'everywhere',
  'admin',
  'blocked',
  'replaced',
  'store-behind',
] as const

/** Reads an entry of the `signoffs` stream or a message of its channel. Null when it is not one. */
export function parseSignOff(sequence: number, json: string): SignOff | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  if (!isRecord(value) || !isString(value['eventId']) || !isReason(value['reason'])) return null
  const target = parseTarget(value['target'])
  return target && { sequence, target, reason: value['reason'], eventId: value['eventId'] }
}

function parseTarget(value: unknown): SignOffTarget | null {
  if (!isRecord(value)) return null
  const { kind, userId, family, ref, generation, except, era } = value
  if (kind === 'everyone' && typeof era === 'number') return { kind, era }
  if (!isString(userId)) return null
  if (kind === 'session' && isString(family) && isString(ref)) return { kind, family, ref, userId }
  if (kind !== 'user' || typeof generation !== 'number') return null
  return { kind, userId, generation, ...(isString(except) ? { except } : {}) }
}

function isReason(value: unknown): value is SignOffReason {
  return SIGN_OFF_REASONS.some((reason) => reason === value)
}
