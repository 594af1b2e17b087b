import type { SignOff, SignOffTarget } from '@curfew/contract'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acknowledgedBy,
  type FollowInput,
  type Following,
  follow,
  type Hello,
  type HelloAnswer,
  helloOf,
  type Instant,
  judgeRead,
  mayServe,
  NOT_FOLLOWING,
  type ReadStamp,
} from './following.js'

const test = suite('guard: catching up, whatever the network and the log lose')

/**
 * One instance and a Redis on paper. Sign-offs come, messages are lost, doubled and overtake each other, reads
 * and hellos take their time, the log is trimmed, the row is taken off, Redis restarts; whoever is still in
 * memory may ask at any moment.
 */
const LEASE_MS = 1_000
const PLAIN = { noNullPrototype: true } as const
/** More is not replayed one by one. */
const MOST_MISSED = 3
const FAMILIES = ['ada 1', 'ada 2', 'grace 1', 'grace 2', 'alan 1', 'alan 2', 'edsger 1', 'barbara 1']

/** How often each comes, against the others. */
const OFTEN = {
  'somebody is signed off': 3,
  'a user is signed off': 1,
  'a message arrives': 4,
  'a message arrives, and will again': 2,
  'a message is lost': 2,
  'hello is said': 6,
  'hello reaches Redis': 6,
  'hello is answered': 6,
  'hello is given up': 1,
  'a read is sent': 8,
  'a read reaches Redis': 8,
  'a read is answered': 8,
  'hooks have finished': 3,
  'the log is trimmed': 1,
  'the row is taken off': 1,
  'Redis restarts': 1,
}
type What = keyof typeof OFTEN

const what = fc.oneof(
  ...Object.entries(OFTEN).flatMap(([what, weight]) =>
    isWhat(what) ? { weight, arbitrary: fc.constant(what) } : [],
  ),
)
const step = fc.record(
  {
    what,
    elapsedMs: fc.oneof({ weight: 40, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(1_500) }),
    /** Of what is under way. */
    which: fc.nat(9),
    family: fc.constantFrom(...FAMILIES),
  },
  PLAIN,
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const story = fc.array(step, { minLength: 40, maxLength: 120, size: 'max' })

test('nobody is served from memory a lease after their sign-off was recorded, nor once it was acknowledged', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const world = createWorld()
      for (const one of wanted) {
        world.play(one)
        for (const { signOff, recordedAt } of world.recordedFor(world.memory())) {
          assert.ok(signOff.sequence > world.acknowledged(), `${signOff.sequence} was acknowledged`)
          if (world.mayServe()) assert.ok(world.now() < recordedAt + LEASE_MS, `${signOff.sequence}`)
        }
      }
    }),
    { numRuns: 1_000, includeErrorInReport: true },
  )
})

test('memory is never answered from while a sign-off is not applied that was recorded before its hello was sent', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const world = createWorld()
      for (const one of wanted) {
        world.play(one)
        if (!world.mayServe()) continue
        const { applied, leasedAt } = world.following()
        for (const { signOff, recordedAt } of world.recorded()) {
          assert.ok(signOff.sequence <= applied || recordedAt >= (leasedAt?.monotonicMs ?? 0))
        }
      }
    }),
    { numRuns: 500, includeErrorInReport: true },
  )
})

test('whatever got lost, one hello that is answered puts everything right, and all is acknowledged', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const world = createWorld()
      for (const one of wanted) world.play(one)

      world.carryOut('hello is given up')
      // The second one, where the first is not yet of the history that it is told of.
      for (let hellos = 0; hellos < 2; hellos++) {
        world.carryOut('hello is said')
        world.carryOut('hello reaches Redis')
        world.carryOut('hello is answered')
      }
      world.finishHooks()

      assert.ok(world.mayServe())
      assert.is(world.following().applied, world.recorded().length)
      assert.is(world.acknowledged(), world.recorded().length)
      assert.equal(world.recordedFor(world.memory()), [])
    }),
    { numRuns: 500, includeErrorInReport: true },
  )
})

test('the stories are about something: in most of them somebody is served, and missed sign-offs are caught up with', () => {
  const seen = { served: 0, replayed: 0, flushed: 0, refused: 0 }
  fc.assert(
    fc.property(story, (wanted) => {
      const world = createWorld()
      for (const one of wanted) world.play(one)
      for (const what of world.seen) seen[what]++
    }),
    { numRuns: 200 },
  )

  for (const [what, times] of Object.entries(seen)) assert.ok(times > 20, `${what} ${times} times of 200`)
})

test.run()

interface Recorded {
  readonly signOff: SignOff
  readonly recordedAt: number
}

interface InMemory {
  readonly family: string
  /** What was the newest sign-off when Redis said that the session is valid. */
  readonly asOf: number
}

type Read = { readonly family: string; readonly flushesWhenSent: number; answer?: ReadStamp }

function createWorld() {
  const redis = createPaperRedis()
  const seen = new Set<'served' | 'replayed' | 'flushed' | 'refused'>()
  let nowMs = 100_000
  let state: Following = NOT_FOLLOWING
  let memory: readonly InMemory[] = []
  let unfinished: ReadonlyArray<{ history: string; from: number; sequence: number }> = []
  let onTheWay: ReadonlyArray<{ history: string; signOff: SignOff }> = []
  let hello: { said: Hello; sentAt: Instant; answer?: HelloAnswer } | null = null
  let reads: readonly Read[] = []

  const now = (): Instant => ({ monotonicMs: nowMs, wallMs: nowMs })
  const serves = () => mayServe(state, now(), LEASE_MS)

  function follows(input: FollowInput): void {
    const [next, effects] = follow(state, input, now())
    const { history } = next
    state = next
    for (const effect of effects) {
      if (effect.type === 'flush') {
        memory = []
        unfinished = [...unfinished, { history: effect.history, from: effect.from, sequence: effect.upTo }]
        seen.add('flushed')
      }
      if (effect.type === 'apply' && history !== null) {
        memory = memory.filter(({ family }) => !covers(effect.signOff.target, family))
        const { sequence } = effect.signOff
        unfinished = [...unfinished, { history, from: sequence, sequence }]
        if (input.type === 'hello-answered') seen.add('replayed')
      }
    }
  }

  function ring(target: SignOffTarget): void {
    onTheWay = [...onTheWay, { history: redis.history(), signOff: redis.record(target, nowMs) }]
  }

  function hear(message: (typeof onTheWay)[number] | undefined): void {
    if (message !== undefined) follows({ type: 'heard', ...message })
  }

  const acts: Record<What, (which: number, family: string) => void> = {
    'somebody is signed off': (_, family) =>
      ring({ kind: 'session', family, ref: 'r', userId: userOf(family) }),
    'a user is signed off': (_, family) => ring({ kind: 'user', userId: userOf(family), generation: 1 }),
    'a message arrives, and will again': (which) => hear(at(onTheWay, which)),
    'a message arrives'(which) {
      const message = at(onTheWay, which)
      onTheWay = without(onTheWay, message)
      hear(message)
    },
    'a message is lost'(which) {
      onTheWay = without(onTheWay, at(onTheWay, which))
    },
    'hello is said'() {
      // One at a time, as the follower does.
      hello ??= { said: helloOf(state, now(), LEASE_MS), sentAt: now() }
    },
    'hello reaches Redis'() {
      if (hello !== null) hello = { answer: redis.hello(hello.said), ...hello }
    },
    'hello is answered'() {
      if (hello?.answer === undefined) return
      const { answer, sentAt } = hello
      hello = null
      follows({ type: 'hello-answered', sentAt, ...answer })
    },
    'hello is given up'() {
      hello = null
    },
    'a read is sent'(_, family) {
      if (serves()) reads = [...reads, { family, flushesWhenSent: state.flushes }]
    },
    'a read reaches Redis'(which) {
      const read = at(reads, which)
      if (read === undefined || read.answer !== undefined) return
      const { family, flushesWhenSent } = read
      reads = without(reads, read)
      if (redis.isValid(family))
        reads = [...reads, { ...read, answer: { ...redis.stamp(), flushesWhenSent } }]
    },
    'a read is answered'(which) {
      const read = at(reads, which)
      if (read?.answer === undefined) return
      reads = without(reads, read)
      const verdict = judgeRead(state, read.answer, now(), LEASE_MS)
      seen.add(verdict === 'use' ? 'served' : 'refused')
      if (verdict === 'use') memory = [...memory, { family: read.family, asOf: read.answer.head }]
    },
    'hooks have finished'(which) {
      const done = at(unfinished, which)
      if (done === undefined) return
      unfinished = without(unfinished, done)
      follows({ type: 'hooks-finished', ...done, failed: false })
    },
    'the log is trimmed': (which) => redis.trim(which % 3),
    'the row is taken off': redis.dropRow,
    'Redis restarts': redis.restart,
  }

  for (const what of ['hello is said', 'hello reaches Redis', 'hello is answered'] as const) acts[what](0, '')

  return {
    seen,
    play({ what, elapsedMs, which, family }: Step) {
      nowMs += elapsedMs
      acts[what](which, family)
    },
    carryOut: (what: What) => acts[what](0, ''),
    finishHooks() {
      for (const done of unfinished) follows({ type: 'hooks-finished', ...done, failed: false })
    },
    now: () => nowMs,
    mayServe: serves,
    memory: () => memory,
    following: () => state,
    acknowledged: () => acknowledgedBy(state),
    recorded: redis.recorded,
    /** The sign-offs that cover what is in memory and came after it was read. */
    recordedFor: (entries: readonly InMemory[]) =>
      entries.flatMap(({ family, asOf }) =>
        redis
          .recorded()
          .filter(({ signOff: { sequence, target } }) => sequence > asOf && covers(target, family)),
      ),
  }
}

/** What the scripts do, for one instance, with a log that nothing is ever lost from but by trimming. */
function createPaperRedis() {
  const recorded: Recorded[] = []
  let restarts = 0
  let trimmedUpTo = 0
  let row: { history: string } | null = null

  const history = () => `h${restarts}`

  return {
    history,
    recorded: () => recorded,
    record(target: SignOffTarget, recordedAt: number): SignOff {
      const sequence = recorded.length + 1
      const signOff: SignOff = { sequence, target, reason: 'admin', eventId: `${sequence}` }
      recorded.push({ signOff, recordedAt })
      return signOff
    },
    hello(said: Hello): HelloAnswer {
      const isJoining = row?.history !== history() || said.history !== history()
      row = { history: history() }
      const missed = recorded
        .map(({ signOff }) => signOff)
        .filter(({ sequence }) => sequence > Math.max(said.applied, trimmedUpTo))
        .slice(0, MOST_MISSED)
      return {
        history: history(),
        head: recorded.length,
        standing: isJoining ? 'joined' : 'renewed',
        missed: isJoining ? [] : missed,
      }
    },
    stamp: () => ({ history: history(), head: recorded.length, isOpen: true }),
    isValid: (family: string) => !recorded.some(({ signOff: { target } }) => covers(target, family)),
    trim(left: number) {
      trimmedUpTo = Math.max(trimmedUpTo, recorded.length - left)
    },
    dropRow() {
      row = null
    },
    restart() {
      restarts++
    },
  }
}

function isWhat(what: string): what is What {
  return what in OFTEN
}

function userOf(family: string): string {
  return family.split(' ')[0] ?? ''
}

function covers(target: SignOffTarget, family: string): boolean {
  if (target.kind === 'everyone') return true
  return target.kind === 'session' ? target.family === family : family.startsWith(target.userId)
}

function at<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)]
}

function without<T>(list: readonly T[], one: T | undefined): readonly T[] {
  return list.filter((other) => other !== one)
}
