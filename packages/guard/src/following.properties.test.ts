import type { SignOff, SignOffTarget } from '@curfew/contract'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acknowledgedBy,
  type FollowEffect,
  type FollowInput,
  type Following,
  follow,
  type Instant,
  judgeRead,
  mayServe,
  NOT_FOLLOWING,
} from './following.js'

const test = suite('guard: following, whatever comes in whatever order')

const LEASE_MS = 1_000
const RUNS = { numRuns: 500, includeErrorInReport: true }
const PLAIN = { noNullPrototype: true } as const
const NEWEST = 6

const history = fc.constantFrom('h1', 'h1', 'h1', 'h2')
const sequence = fc.integer({ min: 1, max: NEWEST })
const elapsed = fc.oneof({ weight: 9, arbitrary: fc.nat(100) }, fc.nat(2 * LEASE_MS))

const heard = fc.record({ type: fc.constant('heard'), history, sequence }, PLAIN)
const helloAnswered = fc.record(
  {
    type: fc.constant('hello-answered'),
    sentAgo: elapsed,
    history,
    head: fc.nat(NEWEST),
    standing: fc.constantFrom('renewed', 'renewed', 'renewed', 'renewed', 'joined', 'waiting', 'behind'),
    missed: fc.subarray(sequencesFrom(1)),
    // Most are answered as Redis answers: with everything after what was said to be applied.
    isWhole: fc.oneof(
      { weight: 3, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
  },
  PLAIN,
)
const hooksFinished = fc.record(
  { type: fc.constant('hooks-finished'), history, from: sequence, sequence, failed: fc.boolean() },
  PLAIN,
)
const readAnswered = fc.record(
  {
    type: fc.constant('read-answered'),
    history,
    head: fc.nat(NEWEST),
    isOpen: fc.boolean(),
    flushesSince: fc.constantFrom(0, 0, 0, 1),
    family: fc.constantFrom('ada 1', 'ada 2', 'grace 1'),
  },
  PLAIN,
)
const clockSet = fc.record(
  { type: fc.constant('clock-set'), byMs: fc.integer({ min: -3_000, max: 3_000 }) },
  PLAIN,
)

const act = fc.oneof(
  { weight: 6, arbitrary: heard },
  { weight: 4, arbitrary: helloAnswered },
  { weight: 4, arbitrary: hooksFinished },
  { weight: 6, arbitrary: readAnswered },
  { weight: 1, arbitrary: clockSet },
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

const story = fc.array(fc.tuple(elapsed, act), { maxLength: 50, size: 'max' })

/** One step of a story: what came, what was done about it, where that led, and what is in memory then. */
interface Step {
  readonly now: Instant
  readonly input: FollowInput | null
  readonly effects: readonly FollowEffect[]
  readonly before: Following
  readonly after: Following
  readonly memory: readonly Entry[]
}

/** A session in memory, as Redis had it when that sign-off was the newest. */
interface Entry {
  readonly family: string
  readonly history: string
  readonly asOf: number
}

test('memory never holds what a sign-off covers that counts as applied', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { after, memory } of play(wanted)) {
        for (const { family, history, asOf } of memory) {
          assert.is(history, after.history)
          const over = sequencesFrom(asOf + 1).filter(
            (one) => one <= after.applied && covers(targetOf(history, one), family),
          )
          assert.equal(over, [], `${family} is from before`)
        }
      }
    }),
    RUNS,
  )
})

test('what is applied never goes back within a history, except by emptying memory', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { before, after, memory } of play(wanted)) {
        if (after.history === before.history && after.flushes === before.flushes) {
          assert.ok(after.applied >= before.applied)
        } else assert.equal(memory, [])
      }
    }),
    RUNS,
  )
})

test('sign-offs are applied one after the other, without a hole', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { before, after, effects } of play(wanted)) {
        let applied = before.applied
        for (const effect of effects) {
          if (effect.type === 'apply') assert.is(effect.signOff.sequence, ++applied)
          if (effect.type === 'flush') applied = effect.upTo
        }
        assert.is(after.applied, applied)
      }
    }),
    RUNS,
  )
})

test('a renewal leaves nothing unapplied that was recorded before it, by replaying or by emptying memory', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { input, before, after } of play(wanted)) {
        if (input?.type !== 'hello-answered' || after.leasedAt === before.leasedAt) continue
        assert.is(after.history, input.history)
        assert.ok(after.applied >= input.head)
        const isReplayed = sequencesFrom(before.applied + 1)
          .filter((one) => one <= input.head)
          .every((one) => input.missed.some(({ sequence }) => sequence === one))
        assert.ok(isReplayed || after.flushes === before.flushes + 1, 'there was a hole')
      }
    }),
    RUNS,
  )
})

test('nothing is acknowledged but what is applied and finished, in the history that is followed', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      let unfinished: number[] = []
      for (const { input, effects, before, after } of play(wanted)) {
        if (input?.type === 'hooks-finished' && input.history === after.history) {
          const done = unfinished.indexOf(input.from)
          unfinished = unfinished.filter((_, i) => i !== done)
        }
        for (const effect of effects) {
          if (effect.type === 'flush') {
            if (after.history !== before.history) unfinished = []
            unfinished.push(effect.from)
            const isAcknowledged = after.history === before.history ? acknowledgedBy(before) : 0
            assert.ok(effect.from <= Math.min(isAcknowledged + 1, effect.upTo))
          }
          if (effect.type === 'apply') unfinished.push(effect.signOff.sequence)
          if (effect.type !== 'acknowledge') continue
          assert.is(effect.history, after.history)
          assert.ok(effect.sequence <= after.applied)
          assert.ok(unfinished.every((one) => one > effect.sequence))
        }
        assert.ok(unfinished.every((one) => one > acknowledgedBy(after)))
      }
    }),
    RUNS,
  )
})

test('what is acknowledged is said once, and only rises within a history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      let last = -1
      for (const { effects } of play(wanted)) {
        for (const effect of effects) {
          if (effect.type === 'flush') last = -1
          if (effect.type !== 'acknowledge') continue
          assert.ok(effect.sequence > last)
          last = effect.sequence
        }
      }
    }),
    RUNS,
  )
})

test('no lease is longer than a lease after a hello was sent that gave one, on either clock', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const given: Instant[] = []
      for (const { input, now, after } of play(wanted)) {
        if (input?.type === 'hello-answered' && ['renewed', 'joined'].includes(input.standing)) {
          given.push(input.sentAt)
        }
        if (!mayServe(after, now, LEASE_MS)) continue
        const isWithin = given.some(
          (sentAt) =>
            now.monotonicMs - sentAt.monotonicMs < LEASE_MS &&
            Math.abs(now.wallMs - sentAt.wallMs) < LEASE_MS,
        )
        assert.ok(isWithin)
      }
    }),
    RUNS,
  )
})

test('a late answer takes no time away that a newer one has given in the same history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { before, after } of play(wanted)) {
        if (after.history !== before.history || after.flushes !== before.flushes) continue
        assert.ok((after.leasedAt?.monotonicMs ?? 0) >= (before.leasedAt?.monotonicMs ?? 0))
      }
    }),
    RUNS,
  )
})

test('a history is left only for one that was asked for later, and whoever joins keeps nothing', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { input, before, after, memory } of play(wanted)) {
        const hasLeft = after.history !== before.history
        assert.not.ok(hasLeft && input?.type !== 'hello-answered')
        if (input?.type !== 'hello-answered') continue
        const isLate = input.sentAt.monotonicMs < (before.leasedAt?.monotonicMs ?? 0)
        if (hasLeft) assert.not.ok(isLate)
        if (input.standing === 'joined' && !(isLate && input.history !== before.history)) {
          assert.is(after.flushes, before.flushes + 1)
          assert.equal(memory, [])
        }
      }
    }),
    RUNS,
  )
})

test('what was read comes into memory only under a lease, from an open history, and not across a flush', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const [i, { now, before, memory }] of steps.entries()) {
        const act = wanted[i]?.[1]
        if (act?.type !== 'read-answered' || memory.length === (steps[i - 1]?.memory.length ?? 0)) continue
        assert.ok(mayServe(before, now, LEASE_MS))
        assert.equal([act.isOpen, act.history, act.flushesSince], [true, before.history, 0])
      }
    }),
    RUNS,
  )
})

test('a renewal keeps what is in memory only if both clocks went alike since the one before', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { before, after } of play(wanted)) {
        const [from, to] = [before.leasedAt, after.leasedAt]
        if (from === null || to === null || after.flushes !== before.flushes) continue
        const apart = to.wallMs - from.wallMs - (to.monotonicMs - from.monotonicMs)
        assert.ok(Math.abs(apart) < 1_000, `they are ${apart} ms apart`)
      }
    }),
    RUNS,
  )
})

test('who hears of what it can’t apply says hello', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { input, effects, before } of play(wanted)) {
        if (input?.type !== 'heard' || before.history === null) continue
        const isNext = input.history === before.history && input.signOff.sequence <= before.applied + 1
        assert.is(
          effects.some(({ type }) => type === 'hello'),
          !isNext,
        )
      }
    }),
    RUNS,
  )
})

test.run()

/** Carries out what `follow` decides about memory, and fills it as `judgeRead` allows. */
function play(wanted: ReadonlyArray<readonly [number, Act]>): Step[] {
  let state = NOT_FOLLOWING
  let memory: readonly Entry[] = []
  let now: Instant = { monotonicMs: 10_000, wallMs: 1_000_000 }
  return wanted.map(([elapsedMs, one]) => {
    now = later(now, elapsedMs)
    const before = state
    let effects: FollowEffect[] = []
    const input = inputOf(one, state, now)
    if (one.type === 'clock-set') now = { ...now, wallMs: now.wallMs + one.byMs }
    if (one.type === 'read-answered') {
      const { family, history, head, isOpen, flushesSince } = one
      const read = { history, head, isOpen, flushesWhenSent: state.flushes - flushesSince }
      if (judgeRead(state, read, now, LEASE_MS) === 'use') {
        memory = [...memory, { family, history, asOf: head }]
      }
    }
    if (input !== null) [state, effects] = follow(state, input, now)
    for (const effect of effects) {
      if (effect.type === 'flush') memory = []
      if (effect.type === 'apply') {
        memory = memory.filter(({ family }) => !covers(effect.signOff.target, family))
      }
    }
    return { now, input, effects, before, after: state, memory }
  })
}

function inputOf(act: Act, { applied }: Following, now: Instant): FollowInput | null {
  switch (act.type) {
    case 'heard':
      return { type: 'heard', history: act.history, signOff: signOffOf(act.history, act.sequence) }
    case 'hello-answered': {
      const { history, head, standing, sentAgo, isWhole } = act
      const missed = (isWhole ? sequencesFrom(applied + 1) : act.missed).filter((one) => one <= head)
      return {
        type: 'hello-answered',
        history,
        head,
        standing,
        sentAt: later(now, -sentAgo),
        missed: missed.map((one) => signOffOf(history, one)),
      }
    }
    case 'hooks-finished':
      return act
    default:
      return null
  }
}

function later({ monotonicMs, wallMs }: Instant, byMs: number): Instant {
  return { monotonicMs: monotonicMs + byMs, wallMs: wallMs + byMs }
}

function sequencesFrom(first: number): number[] {
  return Array.from({ length: Math.max(0, NEWEST - first + 1) }, (_, i) => first + i)
}

/** What a number ends is the same whoever tells of it. */
function signOffOf(history: string, sequence: number): SignOff {
  return { sequence, target: targetOf(history, sequence), reason: 'admin', eventId: `${history} ${sequence}` }
}

function targetOf(history: string, sequence: number): SignOffTarget {
  const targets: readonly SignOffTarget[] = [
    { kind: 'session', family: 'ada 1', ref: 'r', userId: 'ada' },
    { kind: 'session', family: 'grace 1', ref: 'r', userId: 'grace' },
    { kind: 'user', userId: 'ada', generation: sequence },
    { kind: 'user', userId: 'grace', generation: sequence },
    { kind: 'everyone', era: sequence },
  ]
  const target = targets[(sequence + (history === 'h1' ? 0 : 2)) % targets.length]
  return target ?? { kind: 'everyone', era: sequence }
}

function covers(target: SignOffTarget, family: string): boolean {
  if (target.kind === 'everyone') return true
  return target.kind === 'session' ? target.family === family : family.startsWith(target.userId)
}
