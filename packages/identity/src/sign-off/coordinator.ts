import { boundMs, type Member, parseMember } from '@curfew/contract'
import {
  type Acknowledgement,
  acknowledge,
  awaitConfirmation,
  type Confirmation,
  hasLapsed,
  isAcknowledged,
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
  /** When Redis was asked to be witness, while it has not answered. */
  readonly askedAt: number | null
}

export type CoordinationInput =
  /** A sign-off is recorded, and durable from now on. */
  | {
      readonly type: 'recorded'
      readonly ticket: number
      readonly decidedAt: number
      readonly recorded: Recorded
    }
  | { readonly type: 'acknowledged'; readonly heard: Acknowledgement }
  /** Redis was asked, by a write that is durable, which history it has and who is a member. */
  | {
      readonly type: 'witnessed'
      readonly sentAt: number
      readonly history: string
      /** Instance and row, as they are stored. */
      readonly rows: MemberRows
    }
  | { readonly type: 'time-passed' }

export type CoordinationEffect =
  | { readonly type: 'confirmed'; readonly ticket: number; readonly confirmation: Confirmation }
  /** Redis has another history now, and it is not certain what is in it: record the sign-off again. */
  | { readonly type: 'overtaken'; readonly ticket: number; readonly confirmation: Confirmation }
  /** Ask Redis which history it has. */
  | { readonly type: 'witness' }
  /** Take rows off the table which nobody has renewed for a whole bound, each if it is still the same. */
  | { readonly type: 'drop'; readonly rows: MemberRows }

export function startCoordination(ownBoundMs: number): Coordination {
  return {
    boundMs: ownBoundMs,
    ownBoundMs,
    known: null,
    newest: new Map(),
    unchanged: new Map(),
    pending: new Map(),
    askedAt: null,
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
    case 'time-passed':
      return look(state, now)
  }
}

/** When time alone may change something next. Infinity while nothing is pending. */
export function nextLook(state: Coordination, now: number): number {
  let at = Number.POSITIVE_INFINITY
  for (const one of state.pending.values()) at = Math.min(at, nextLookAt(one, now))
  // What has lapsed waits for the witness, and asks again when it does not come.
  return at <= now ? (state.askedAt ?? now) + ASK_AGAIN_MS : at
}

/** Redis did not answer: it is asked again. Milliseconds. */
const ASK_AGAIN_MS = 250

function record(
  state: Coordination,
  { ticket, decidedAt, recorded }: Extract<CoordinationInput, { type: 'recorded' }>,
  now: number,
): [Coordination, CoordinationEffect[]] {
  const { history, members } = recorded
  const [seen, overtaken] = see(heed(state, history, members, now), history, now)
  const { settledAt } = seen.known
  let confirmation = awaitConfirmation(recorded, {
    decidedAt,
    durableAt: now,
    boundMs: seen.boundMs,
    settledAt,
  })
  for (const heard of seen.newest.values()) confirmation = acknowledge(confirmation, heard, now)
  const next = { ...seen, pending: new Map(seen.pending).set(ticket, confirmation) }
  const [looked, effects] = look(next, now)
  return [looked, [...overtaken, ...effects]]
}

function hear(
  state: Coordination,
  heard: Acknowledgement,
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
  const members = parseMembers(rows)
  const [seen, effects] = see(heed({ ...state, askedAt: null }, history, members, now), history, now)
  let next: Coordination = seen
  let pending = seen.pending
  // Rows are the truth: an acknowledgement may have been said while nobody listened.
  for (const { id, history, acknowledged, hooksFailed } of members) {
    const heard = { instance: id, history, sequence: acknowledged, hooksFailed }
    next = note(next, heard)
    pending = acknowledgePending(pending, heard, now)
  }
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
  const left = new Map(pending)
  for (const [ticket, confirmation] of pending) {
    if (!hasLapsed(confirmation, sentAt)) continue
    left.delete(ticket)
    effects.push({ type: 'confirmed', ticket, confirmation })
  }
  const [looked, more] = look({ ...next, unchanged }, now, left)
  return [looked, [...effects, ...more]]
}

/** Confirms what everybody has acknowledged; for what has lapsed Redis must be witness. */
function look(
  state: Coordination,
  now: number,
  pending = state.pending,
): [Coordination, CoordinationEffect[]] {
  const effects: CoordinationEffect[] = []
  let left: Map<number, Confirmation> | undefined
  let mustAsk = false
  for (const [ticket, confirmation] of pending) {
    if (isAcknowledged(confirmation, now)) {
      left ??= new Map(pending)
      left.delete(ticket)
      effects.push({ type: 'confirmed', ticket, confirmation })
    } else if (hasLapsed(confirmation, now)) mustAsk = true
  }
  const asks = mustAsk && (state.askedAt === null || now - state.askedAt >= ASK_AGAIN_MS)
  if (asks) effects.push({ type: 'witness' })
  return [{ ...state, pending: left ?? pending, askedAt: asks ? now : state.askedAt }, effects]
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
function note(state: Coordination, heard: Acknowledgement): Coordination {
  const before = state.newest.get(heard.instance)
  if (before?.history === heard.history && before.sequence >= heard.sequence) return state
  return { ...state, newest: new Map(state.newest).set(heard.instance, heard) }
}

function acknowledgePending(
  pending: Coordination['pending'],
  heard: Acknowledgement,
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

function parseMembers(rows: MemberRows): Member[] {
  return rows.flatMap(([instance, row]) => parseMember(instance, row) ?? [])
}
