import { boundMs, type Member, parseAwaited } from '@curfew/contract'
import {
  type Acknowledgement,
  acknowledge,
  awaitConfirmation,
  type Confirmation,
  hasLapsed,
  isAcknowledged,
  isProven,
  isRemembered,
  nextLookAt,
  type Recorded,
} from './confirmation.js'
import type { MemberRows } from './replies.js'

/**
 * How identity follows its sign-offs until they are confirmed, and what it knows of the table of members.
 *
 * A pure reducer: `coordinate(state, input, now)` gives the next state and what must be done. It owns no
 * clock and no socket; `now` is monotonic milliseconds. The rules are those of docs/protocol.md.
 */
export interface Coordination {
  /** The instance that this process is itself. */
  readonly self: string
  /** Up to which sign-off this process would notice, and make up for it, if Redis had lost it. */
  readonly remembered: Remembering | null
  /** The longest that any instance may serve from memory after it last heard from Redis, and then some. */
  readonly boundMs: number
  readonly ownBoundMs: number
  /** The history that Redis has, and from when on its table of members can be believed. */
  readonly known: { readonly history: string; readonly settledAt: number } | null
  /** The newest of each instance: an acknowledgement may overtake the answer of the script that it is about. */
  readonly newest: ReadonlyMap<string, Acknowledgement>
  /** Rows as they were, and since when they have not changed. */
  readonly unchanged: ReadonlyMap<string, { readonly row: string; readonly since: number }>
  /** The sign-offs that are not confirmed yet, by ticket. */
  readonly pending: ReadonlyMap<number, Confirmation>
  /** When Redis was asked last to be witness, and whether it has not answered yet. */
  readonly askedAt: number
  readonly isAsking: boolean
}

export interface Remembering {
  readonly history: string
  readonly sequence: number
  /** What came after this one was remembered before it was acknowledged. */
  readonly since: number
}

export type CoordinationInput =
  /** A sign-off is recorded, and durable from now on. */
  | {
      readonly type: 'recorded'
      readonly ticket: number
      readonly decidedAt: number
      readonly recorded: Recorded
    }
  /** What was heard in one turn of the event loop: a hundred instances speak at the same time. */
  | { readonly type: 'acknowledged'; readonly heard: readonly Acknowledgement[] }
  /** Redis was asked, by a write that is durable, which history it has and who is a member. */
  | {
      readonly type: 'witnessed'
      readonly sentAt: number
      readonly history: string
      /** Instance and row, as they are stored. */
      readonly rows: MemberRows
    }
  | { readonly type: 'remembered'; readonly upTo: Remembering | null }
  | { readonly type: 'time-passed' }

export type CoordinationEffect =
  | { readonly type: 'confirmed'; readonly ticket: number; readonly confirmation: Confirmation }
  /** Redis has another history now, and it is not certain what is in it: record the sign-off again. */
  | { readonly type: 'overtaken'; readonly ticket: number; readonly confirmation: Confirmation }
  /** Ask Redis, by a write that is durable, which history it has and who is a member. */
  | { readonly type: 'witness' }
  /** Take rows off the table which nobody has renewed for a whole bound, each if it is still the same. */
  | { readonly type: 'drop'; readonly rows: MemberRows }

export function startCoordination(ownBoundMs: number, self: string): Coordination {
  return {
    self,
    remembered: null,
    boundMs: ownBoundMs,
    ownBoundMs,
    known: null,
    newest: new Map(),
    unchanged: new Map(),
    pending: new Map(),
    askedAt: Number.NEGATIVE_INFINITY,
    isAsking: false,
  }
}

export function coordinate(
  state: Coordination,
  input: CoordinationInput,
  now: number,
): [Coordination, CoordinationEffect[]] {
  switch (input.type) {
    case 'recorded':
      return record(state, input, now)
    case 'acknowledged':
      return hear(state, input.heard, now)
    case 'witnessed':
      return witness(state, input, now)
    case 'remembered':
      return look({ ...state, remembered: input.upTo }, now)
    case 'time-passed':
      return look(state, now)
  }
}

/** When time alone may change something next. Infinity while nothing is pending. */
export function nextLook({ pending, askedAt }: Coordination, now: number): number {
  let at = Number.POSITIVE_INFINITY
  for (const one of pending.values()) {
    const next = nextLookAt(one, now)
    // Who does not answer is asked again.
    at = Math.min(at, next <= now || isToBeWitnessed(one, now) ? askedAt + ASK_AGAIN_MS : next)
  }
  return at
}

/** Redis did not answer: it is asked again. Milliseconds. */
const ASK_AGAIN_MS = 250

function record(
  state: Coordination,
  { ticket, decidedAt, recorded }: Extract<CoordinationInput, { type: 'recorded' }>,
  now: number,
): [Coordination, CoordinationEffect[]] {
  const { history, members } = recorded
  const [seen, overtaken] = see(members === null ? state : heed(state, history, members, now), history, now)
  const { settledAt } = seen.known
  let confirmation = awaitConfirmation(recorded, {
    decidedAt,
    durableAt: now,
    boundMs: seen.boundMs,
    settledAt,
  })
  confirmation = acknowledge(confirmation, seen.newest.values(), now)
  const next = { ...seen, pending: new Map(seen.pending).set(ticket, confirmation) }
  const [looked, effects] = look(next, now)
  return [looked, [...overtaken, ...effects]]
}

function hear(
  state: Coordination,
  heard: readonly Acknowledgement[],
  now: number,
): [Coordination, CoordinationEffect[]] {
  const noted = note(state, heard)
  if (noted === state) return [state, []]
  return look(noted, now, acknowledgePending(noted.pending, heard, now))
}

function witness(
  state: Coordination,
  { history, rows, sentAt }: Extract<CoordinationInput, { type: 'witnessed' }>,
  now: number,
): [Coordination, CoordinationEffect[]] {
  const members = rows.map(([instance, row]) => parseAwaited(instance, row, history))
  const [seen, effects] = see(heed({ ...state, isAsking: false }, history, members, now), history, now)
  // Rows are the truth: an acknowledgement may have been said while nobody listened.
  const told = members.map(({ id, history, acknowledged, hooksFailed }) => {
    return { instance: id, history, sequence: acknowledged, hooksFailed }
  })
  let next = note(seen, told)
  const pending = acknowledgePending(seen.pending, told, now)
  const present = new Set(rows.map(([instance]) => instance))
  next = { ...next, newest: new Map([...next.newest].filter(([instance]) => present.has(instance))) }

  const unchanged = new Map<string, { row: string; since: number }>()
  const silent: Array<readonly [string, string]> = []
  for (const [instance, row] of rows) {
    const before = state.unchanged.get(instance)
    const since = before?.row === row ? before.since : now
    unchanged.set(instance, { row, since })
    if (now - since >= next.boundMs) silent.push([instance, row])
  }
  if (silent.length > 0) effects.push({ type: 'drop', rows: silent })

  // Redis still has the history in which they were recorded, and was asked after every lease had ended.
  const [left, confirmed] = confirm(
    { ...next, pending },
    sentAt,
    (one) => hasLapsed(one, sentAt) || isAcknowledged(one, sentAt),
  )
  const [looked, more] = look({ ...next, unchanged }, now, left)
  return [looked, [...effects, ...confirmed, ...more]]
}

/** Redis was asked at `sentAt`. */
function confirm(
  state: Coordination,
  sentAt: number,
  isDone: (confirmation: Confirmation) => boolean,
): [Coordination['pending'], CoordinationEffect[]] {
  const left = new Map(state.pending)
  const effects: CoordinationEffect[] = []
  for (const [ticket, confirmation] of state.pending) {
    if (!isDone(confirmation) || !isRemembered(confirmation, sentAt)) continue
    left.delete(ticket)
    effects.push({ type: 'confirmed', ticket, confirmation })
  }
  return [left, effects]
}

function rememberPending(
  { remembered }: Coordination,
  pending: Coordination['pending'],
  now: number,
): Coordination['pending'] {
  if (remembered === null) return pending
  let next: Map<number, Confirmation> | undefined
  for (const [ticket, one] of pending) {
    if (one.rememberedAt !== null || one.history !== remembered.history) continue
    if (one.sequence > remembered.sequence) continue
    next ??= new Map(pending)
    next.set(ticket, { ...one, rememberedAt: now })
  }
  return next ?? pending
}

/** Confirms what everybody has proven, and asks Redis to be witness for what else may be confirmed. */
function look(
  state: Coordination,
  now: number,
  changed = state.pending,
): [Coordination, CoordinationEffect[]] {
  const { self, remembered, askedAt, isAsking } = state
  const pending = rememberPending(state, changed, now)
  const confirmed: number[] = []
  const mayAskAgain = now - askedAt >= ASK_AGAIN_MS
  const effects: CoordinationEffect[] = []
  let asks = false
  for (const [ticket, one] of pending) {
    if (isProven(one, self) && isRememberedInTurn(remembered, one)) {
      confirmed.push(ticket)
      effects.push({ type: 'confirmed', ticket, confirmation: one })
    } else if (hasLapsed(one, now) || isToBeWitnessed(one, now)) {
      // What is not remembered may be so a moment later: Redis is asked again then.
      asks ||= mayAskAgain || (isRemembered(one, now) && !isAsking)
    }
  }
  const left = confirmed.length === 0 ? pending : without(pending, confirmed)
  if (!asks) return [{ ...state, pending: left }, effects]
  return [{ ...state, pending: left, askedAt: now, isAsking: true }, [...effects, { type: 'witness' }]]
}

function without(pending: Coordination['pending'], tickets: readonly number[]): Coordination['pending'] {
  const left = new Map(pending)
  for (const ticket of tickets) left.delete(ticket)
  return left
}

/** Everybody has told us, but perhaps before that was proof of anything. */
function isToBeWitnessed(one: Confirmation, now: number): boolean {
  return isRemembered(one, now) && isAcknowledged(one, now)
}

/** Whether it was remembered before this process acknowledged it. */
function isRememberedInTurn(remembered: Remembering | null, { history, sequence }: Confirmation): boolean {
  return remembered?.history === history && sequence > remembered.since && sequence <= remembered.sequence
}

/** Redis has this history. What was recorded in another one is overtaken. */
function see(
  state: Coordination,
  history: string,
  now: number,
): [Coordination & { known: NonNullable<Coordination['known']> }, CoordinationEffect[]] {
  if (state.known?.history === history) return [{ ...state, known: state.known }, []]
  const effects: CoordinationEffect[] = []
  const pending = new Map(state.pending)
  for (const [ticket, confirmation] of state.pending) {
    if (confirmation.history === history) continue
    pending.delete(ticket)
    effects.push({ type: 'overtaken', ticket, confirmation })
  }
  return [{ ...state, pending, known: { history, settledAt: now + state.boundMs } }, effects]
}

/**
 * A service that was given a longer lease than ours may serve for longer: then everything takes longer. Until
 * a history is settled, that includes the services whose rows are in the one before.
 */
function heed(state: Coordination, history: string, members: readonly Member[], now: number): Coordination {
  const isSettled = state.known?.history === history && now >= state.known.settledAt
  const before = isSettled ? state.ownBoundMs : state.boundMs
  return { ...state, boundMs: Math.max(before, ...members.map(({ leaseMs }) => boundMs(leaseMs))) }
}

/** The same state when it says nothing new. */
function note(state: Coordination, heard: readonly Acknowledgement[]): Coordination {
  let newest: Map<string, Acknowledgement> | undefined
  for (const one of heard) {
    const before = (newest ?? state.newest).get(one.instance)
    if (before?.history === one.history && before.sequence >= one.sequence) continue
    newest ??= new Map(state.newest)
    newest.set(one.instance, one)
  }
  return newest === undefined ? state : { ...state, newest }
}

function acknowledgePending(
  pending: Coordination['pending'],
  heard: readonly Acknowledgement[],
  now: number,
): Coordination['pending'] {
  let next: Map<number, Confirmation> | undefined
  for (const [ticket, one] of pending) {
    const acknowledged = acknowledge(one, heard, now)
    if (acknowledged === one) continue
    next ??= new Map(pending)
    next.set(ticket, acknowledged)
  }
  return next ?? pending
}
