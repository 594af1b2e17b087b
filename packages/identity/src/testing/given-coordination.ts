import { boundMs, type Member } from '@curfew/contract'
import {
  type Coordination,
  type CoordinationEffect,
  type CoordinationInput,
  coordinate,
  startCoordination,
} from '../sign-off/coordinator.js'

/** What tests tell a coordinator, and what it does about it in words. Times are milliseconds. */

const LEASE_MS = 5_000
export const BOUND_MS = boundMs(LEASE_MS)
/** The last 40 ms of the bound are for asking Redis. */
export const LAPSE_MS = BOUND_MS - 40
/** Long after the history was first seen: the table of members is believed. */
export const SETTLED = 10_000
export const ASK_AGAIN_MS = 250
export const SELF = 'a'

/** History h1 was seen at 0, without members. */
export function settled(): Coordination {
  return run(startCoordination(BOUND_MS, SELF), [[0, witnessed([])]]).state
}

type Timed = readonly [now: number, input: CoordinationInput]

/** Everything of the history that is met is remembered, unless it is told what is. */
export function run(state: Coordination, inputs: readonly Timed[]) {
  const all: CoordinationEffect[] = []
  for (const [now, input] of inputs) {
    const [next, effects] = coordinate(remembering(state, input, now), input, now)
    state = next
    all.push(...effects)
  }
  return { state, all, effects: all.map(inWords) }
}

function remembering(state: Coordination, input: CoordinationInput, now: number): Coordination {
  if (input.type !== 'recorded' && input.type !== 'witnessed') return state
  const { history } = input.type === 'recorded' ? input.recorded : input
  if (state.remembered?.history === history) return state
  return coordinate(state, remembered(Number.POSITIVE_INFINITY, { history }), now)[0]
}

function inWords(effect: CoordinationEffect): string {
  if (effect.type === 'witness') return effect.type
  if (effect.type === 'drop') return `drop ${effect.rows.map((one) => one.join(' ')).join(', ')}`
  return `${effect.type} ${effect.ticket}`
}

type Row = readonly [instance: string, row: string]

export function row(instance: string, wanted: Partial<Omit<Member, 'id'>> = {}): Row {
  const member: Omit<Member, 'id'> = {
    service: 'projects',
    history: 'h1',
    acknowledged: 0,
    renewals: 1,
    leaseMs: LEASE_MS,
    renewedAt: 0,
    hooksFailed: [],
    ...wanted,
  }
  return [instance, JSON.stringify(member)]
}

/** Decided when the table was believed, unless told. */
export function recorded(ticket: number, sequence: number, rows: readonly Row[], history = 'h1') {
  const members = rows.map(([id, json]): Member => ({ id, ...JSON.parse(json) }))
  return { type: 'recorded', ticket, decidedAt: SETTLED, recorded: { history, sequence, members } } as const
}

export function acknowledged(instance: string, sequence: number, history = 'h1') {
  return { type: 'acknowledged', heard: [{ instance, history, sequence, hooksFailed: [] }] } as const
}

/** Asked at 0 unless told: before anything has lapsed. */
export function witnessed(rows: readonly Row[], history = 'h1', sentAt = 0) {
  return { type: 'witnessed', sentAt, history, rows } as const
}

/** As it was heard, unless it was read who is blocked. */
export function remembered(sequence: number, { since = 0, history = 'h1' } = {}) {
  return { type: 'remembered', upTo: { history, sequence, since } } as const
}

export const passed = { type: 'time-passed' } as const
