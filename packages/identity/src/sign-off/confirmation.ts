import type { InstanceReceipt, Member } from '@curfew/contract'

/**
 * Waits, on paper, until a sign-off is confirmed: who was a member when it was recorded, who has
 * acknowledged it, and whether so much time has passed that every lease granted before it has ended.
 *
 * A pure reducer without clock or socket. Times are monotonic milliseconds of this process.
 */
export interface Confirmation {
  readonly history: string
  readonly sequence: number
  readonly decidedAt: number
  /** When Redis said that it is on disk: the leases' clock starts here. */
  readonly durableAt: number
  readonly boundMs: number
  /**
   * From when on the table of members can be believed: a whole bound after this process first saw the
   * history. Until then an instance may hold a lease from before, and have no row.
   */
  readonly settledAt: number
  readonly members: ReadonlyMap<string, AwaitedMember>
}

interface AwaitedMember {
  readonly service: string
  /** When it acknowledged; null while it has not. */
  readonly appliedAt: number | null
}

export interface Recorded {
  readonly history: string
  readonly sequence: number
  /** The table of members, read in the step that recorded the sign-off. */
  readonly members: readonly Member[]
}

export interface Acknowledgement {
  readonly instance: string
  readonly history: string
  readonly sequence: number
}

export function awaitConfirmation(
  { history, sequence, members }: Recorded,
  times: Pick<Confirmation, 'decidedAt' | 'durableAt' | 'boundMs' | 'settledAt'>,
): Confirmation {
  // A row of another history belongs to an instance whose lease is dead, or will be once we are settled.
  const awaited = members.filter((member) => member.history === history)
  return {
    history,
    sequence,
    ...times,
    members: new Map(
      awaited.map(({ id, service, acknowledged }) => [
        id,
        { service, appliedAt: acknowledged >= sequence ? times.durableAt : null },
      ]),
    ),
  }
}

export function acknowledge(state: Confirmation, heard: Acknowledgement, now: number): Confirmation {
  const member = state.members.get(heard.instance)
  if (member === undefined || member.appliedAt !== null) return state
  // A number that outlived its history says nothing about ours.
  if (heard.history !== state.history || heard.sequence < state.sequence) return state
  return { ...state, members: new Map(state.members).set(heard.instance, { ...member, appliedAt: now }) }
}

export function isConfirmed(state: Confirmation, now: number): boolean {
  if (now >= confirmedBy(state)) return true
  return now >= state.settledAt && [...state.members.values()].every(({ appliedAt }) => appliedAt !== null)
}

/** When it is confirmed whatever the instances do. */
export function confirmedBy({ durableAt, boundMs }: Confirmation): number {
  return durableAt + boundMs
}

/** When time alone may change the answer next. */
export function nextLookAt(state: Confirmation, now: number): number {
  return now < state.settledAt ? Math.min(state.settledAt, confirmedBy(state)) : confirmedBy(state)
}

export function instancesOf(state: Confirmation, now: number): InstanceReceipt[] {
  return [...state.members].map(([id, { service, appliedAt }]) => {
    if (appliedAt !== null) return { id, service, state: 'applied', ms: roundMs(appliedAt - state.decidedAt) }
    if (now >= confirmedBy(state))
      return { id, service, state: 'lapsed', ms: roundMs(confirmedBy(state) - state.decidedAt) }
    return { id, service, state: 'pending' }
  })
}

export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10
}
