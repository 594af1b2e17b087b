import type { InstanceReceipt, Member } from '@curfew/contract'

/**
 * Waits, on paper, until a sign-off is confirmed: who was a member when it was recorded, who has
 * acknowledged it, and whether so much time has passed that every lease granted before it has ended.
 *
 * Pure: no clock, no socket. Times are monotonic milliseconds of this process.
 */
export interface Confirmation {
  readonly history: string
  readonly sequence: number
  readonly decidedAt: number
  /** When it was known to be durable: the leases' clock starts here. */
  readonly durableAt: number
  readonly boundMs: number
  /**
   * From when on the table of members can be believed: a whole bound after this process first saw the
   * history. Until then an instance may hold a lease from before, and have no row.
   */
  readonly settledAt: number
  /** When it was remembered by this process, which will then testify to it, should Redis lose it. */
  readonly rememberedAt: number | null
  readonly members: ReadonlyMap<string, AwaitedMember>
  /** When the last of them acknowledged; null while somebody has not. */
  readonly lastWordAt: number | null
}

interface AwaitedMember {
  readonly service: string
  /** When it acknowledged; null while it has not. */
  readonly appliedAt: number | null
  readonly hookFailed: boolean
}

export interface Recorded {
  readonly history: string
  readonly sequence: number
  /**
   * The table of members, read in the step that recorded the sign-off. Null: it was not recorded in this
   * history, in which there is nothing to end any more; nobody's word is enough then, only time.
   */
  readonly members: readonly Member[] | null
}

export interface Acknowledgement {
  readonly instance: string
  readonly history: string
  readonly sequence: number
  /** The newest sign-offs of which a hook failed there. */
  readonly hooksFailed: readonly number[]
}

export function awaitConfirmation(
  { history, sequence, members }: Recorded,
  times: Pick<Confirmation, 'decidedAt' | 'durableAt' | 'boundMs' | 'settledAt'>,
): Confirmation {
  // A row of another history belongs to an instance whose lease is dead, or will be once we are settled.
  const rows = (members ?? []).filter((member) => member.history === history)
  const awaited = new Map<string, AwaitedMember>()
  for (const { id, service, acknowledged, hooksFailed } of rows) {
    const appliedAt = acknowledged >= sequence ? times.durableAt : null
    awaited.set(id, { service, appliedAt, hookFailed: hooksFailed.includes(sequence) })
  }
  return {
    history,
    sequence,
    ...times,
    rememberedAt: null,
    settledAt: members === null ? Number.POSITIVE_INFINITY : times.settledAt,
    members: awaited,
    lastWordAt: lastWordAt(awaited, times.durableAt),
  }
}

export function acknowledge(
  state: Confirmation,
  heard: Iterable<Acknowledgement>,
  now: number,
): Confirmation {
  let members: Map<string, AwaitedMember> | undefined
  for (const { instance, history, sequence, hooksFailed } of heard) {
    const member = state.members.get(instance)
    if (member === undefined || member.appliedAt !== null) continue
    // A number that outlived its history says nothing about ours.
    if (history !== state.history || sequence < state.sequence) continue
    members ??= new Map(state.members)
    members.set(instance, { ...member, appliedAt: now, hookFailed: hooksFailed.includes(state.sequence) })
  }
  if (members === undefined) return state
  return { ...state, members, lastWordAt: lastWordAt(members, now) }
}

function lastWordAt(members: Confirmation['members'], now: number): number | null {
  for (const { appliedAt } of members.values()) if (appliedAt === null) return null
  return now
}

/**
 * Whether everybody's word is all that is needed. Redis publishes it only while it has the history that it names,
 * so the last word proves that as well, later than it was decided; and it comes after the word of this process
 * itself, which says so once it remembers the sign-off.
 */
export function isProven({ decidedAt, settledAt, members, lastWordAt }: Confirmation, self: string): boolean {
  const wasSettled = decidedAt >= settledAt
  return lastWordAt !== null && wasSettled && members.has(self)
}

/** Whether everybody who may serve from memory had told us by then. */
export function isAcknowledged({ settledAt, lastWordAt }: Confirmation, at: number): boolean {
  return at >= settledAt && lastWordAt !== null && lastWordAt <= at
}

/** What is confirmed must have been remembered by then. */
export function isRemembered({ rememberedAt }: Confirmation, at: number): boolean {
  return rememberedAt !== null && rememberedAt <= at
}

/** Whether every lease from before has ended, whatever the instances do. */
export function hasLapsed(state: Confirmation, now: number): boolean {
  return now >= lapsesAt(state)
}

export function lapsesAt({ durableAt, boundMs }: Confirmation): number {
  return durableAt + boundMs - ASKING_MS
}

/** When it is confirmed whatever the instances do, while Redis can be asked. */
export function confirmedBy({ durableAt, boundMs }: Confirmation): number {
  return durableAt + boundMs
}

/** The bound's last part is for asking Redis whether it still has the history. Milliseconds. */
const ASKING_MS = 40

/** When time alone may change the answer next. */
export function nextLookAt(state: Confirmation, now: number): number {
  return now < state.settledAt ? Math.min(state.settledAt, lapsesAt(state)) : lapsesAt(state)
}

export function instancesOf(state: Confirmation, now: number): InstanceReceipt[] {
  const lapsed = hasLapsed(state, now)
  return [...state.members].map(([id, { service, appliedAt, hookFailed }]) => {
    const at = appliedAt ?? (lapsed ? lapsesAt(state) : null)
    if (at === null) return { id, service, state: 'pending' }
    return {
      id,
      service,
      state: appliedAt === null ? 'lapsed' : 'applied',
      ms: roundMs(at - state.decidedAt),
      ...(hookFailed ? { hook: 'failed' } : {}),
    }
  })
}

export function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10
}
