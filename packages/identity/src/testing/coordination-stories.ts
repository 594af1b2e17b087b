import { boundMs, type Member } from '@curfew/contract'
import * as fc from 'fast-check'
import {
  type Coordination,
  type CoordinationEffect,
  type CoordinationInput,
  coordinate,
  startCoordination,
} from '../sign-off/coordinator.js'

/** Stories of what a coordinator may be told, whatever comes in whatever order. Times are milliseconds. */

const LEASE_MS = 1_000
const LONG_LEASE_MS = 3_000
export const BOUND_MS = boundMs(LEASE_MS)
export const LONG_BOUND_MS = boundMs(LONG_LEASE_MS)
export const RUNS = { numRuns: 1_000, includeErrorInReport: true }
const PLAIN = { noNullPrototype: true } as const

/** So soon after one another that a bound is many steps, and now and then so late that it is one. */
const elapsed = fc.oneof({ weight: 4, arbitrary: fc.nat(200) }, fc.nat(LONG_BOUND_MS + 100))
const history = fc.constantFrom('h1', 'h1', 'h1', 'h2')
export const SELF = 'a'
const instance = fc.constantFrom(SELF, 'b', 'c')
const sequence = fc.integer({ min: 1, max: 4 })

const row = fc.record(
  {
    id: instance,
    service: fc.constant('projects'),
    history,
    acknowledged: fc.nat(4),
    renewals: fc.nat(2),
    leaseMs: fc.constantFrom(LEASE_MS, LEASE_MS, LONG_LEASE_MS),
    renewedAt: fc.constant(0),
    hooksFailed: fc.constant([]),
  },
  PLAIN,
)
const rows = fc.uniqueArray(row, { maxLength: 3, selector: ({ id }) => id })

const input = fc.oneof(
  fc.record({ type: fc.constant('recorded'), history, sequence, rows }, PLAIN),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('acknowledged'), instance, history, sequence }) },
  fc.record({ type: fc.constant('witnessed'), history, rows, sentAgo: elapsed }, PLAIN),
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('remembered'), history, sequence, since: fc.nat(4) }, PLAIN),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('time-passed') }, PLAIN) },
)
type Wanted = typeof input extends fc.Arbitrary<infer T> ? T : never

/** What comes in, each so many milliseconds after the one before. */
export const story = fc.array(fc.tuple(elapsed, input), { maxLength: 40, size: 'max' })

/** One step of a story: what came, what was done about it, and where that led. */
export interface Step {
  readonly now: number
  readonly input: CoordinationInput
  readonly effects: readonly CoordinationEffect[]
  readonly before: Coordination
  readonly after: Coordination
}

/** Holds `check` against a thousand stories. One that fails is shrunk to its smallest form. */
export function inEveryStory(check: (steps: readonly Step[]) => void): void {
  fc.assert(
    fc.property(story, (wanted) => check(play(wanted))),
    RUNS,
  )
}

export function play(wanted: ReadonlyArray<readonly [number, Wanted]>): Step[] {
  let state = startCoordination(BOUND_MS, SELF)
  let now = 0
  return wanted.map(([elapsedMs, one], ticket) => {
    now += elapsedMs
    const input = inputOf(one, ticket, now)
    const before = state
    const [after, effects] = coordinate(before, input, now)
    state = after
    return { now, input, effects, before, after }
  })
}

function inputOf(wanted: Wanted, ticket: number, now: number): CoordinationInput {
  switch (wanted.type) {
    case 'recorded': {
      const { history, sequence, rows: members } = wanted
      return { type: 'recorded', ticket, decidedAt: now, recorded: { history, sequence, members } }
    }
    case 'acknowledged': {
      const { instance, history, sequence } = wanted
      return { type: 'acknowledged', heard: [{ instance, history, sequence, hooksFailed: [] }] }
    }
    case 'witnessed': {
      const { history, rows, sentAgo } = wanted
      return { type: 'witnessed', sentAt: now - sentAgo, history, rows: rows.map(stored) }
    }
    case 'remembered': {
      const { history, sequence, since } = wanted
      return { type: 'remembered', upTo: { history, sequence, since } }
    }
    case 'time-passed':
      return wanted
  }
}

function stored({ id, ...row }: Member): [string, string] {
  return [id, JSON.stringify(row)]
}

/** The members that the table names there. */
export function membersIn(input: CoordinationInput): readonly Member[] {
  if (input.type === 'recorded') return input.recorded.members ?? []
  if (input.type !== 'witnessed') return []
  return input.rows.map(([id, row]): Member => ({ id, ...JSON.parse(row) }))
}
