import { boundMs, type Member } from '@curfew/contract'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Coordination,
  type CoordinationEffect,
  type CoordinationInput,
  coordinate,
  nextLook,
  startCoordination,
} from './coordinator.js'

const test = suite('identity: coordinator, whatever comes in whatever order')

const LEASE_MS = 1_000
const LONG_LEASE_MS = 3_000
const BOUND_MS = boundMs(LEASE_MS)
/** The bound's last part is for asking Redis. */
const ASKING_MS = 40
const LONG_BOUND_MS = boundMs(LONG_LEASE_MS)
const RUNS = { numRuns: 1_000, includeErrorInReport: true }
const PLAIN = { noNullPrototype: true } as const

/** So soon after one another that a bound is many steps, and now and then so late that it is one. */
const elapsed = fc.oneof({ weight: 4, arbitrary: fc.nat(200) }, fc.nat(LONG_BOUND_MS + 100))
const history = fc.constantFrom('h1', 'h1', 'h1', 'h2')
const SELF = 'a'
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

const story = fc.array(fc.tuple(elapsed, input), { maxLength: 40, size: 'max' })

/** One step of a story: what came, what was done about it, and where that led. */
interface Step {
  readonly now: number
  readonly input: CoordinationInput
  readonly effects: readonly CoordinationEffect[]
  readonly before: Coordination
  readonly after: Coordination
}

test('nothing is confirmed by all before each awaited member has acknowledged it in its history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const { i, ticket, now, input } of confirmations(steps)) {
        const sign = recordingOf(steps, ticket)
        if (isLapsed(sign, now) && input.type === 'witnessed') continue
        for (const member of sign.members) {
          if (member.history !== sign.history) continue
          const said = steps.slice(0, i + 1).some((step) => says(step.input, member.id, sign))
          assert.ok(said || member.acknowledged >= sign.sequence, `${member.id} did not acknowledge it`)
        }
      }
    }),
    RUNS,
  )
})

test('nothing is confirmed by all within a bound of the first sight of its history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const { i, ticket, now } of confirmations(steps)) {
        const sign = recordingOf(steps, ticket)
        if (isLapsed(sign, now)) continue
        const seen = steps.slice(0, i + 1).findLastIndex((step) => isOfAnother(step.input, sign.history))
        const first = steps.slice(seen + 1).find((step) => isOf(step.input, sign.history))
        assert.ok(first && now - first.now >= BOUND_MS, 'its table could not be believed')
      }
    }),
    RUNS,
  )
})

test('nothing is confirmed by time unless Redis was asked after the longest lease, and had its history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const { i, ticket, input } of confirmations(steps)) {
        const sign = recordingOf(steps, ticket)
        const isByTime = !sign.members.every(
          (member) =>
            member.history !== sign.history ||
            member.acknowledged >= sign.sequence ||
            steps.slice(0, i + 1).some((step) => says(step.input, member.id, sign)),
        )
        if (!isByTime) continue
        assert.is(input.type, 'witnessed')
        if (input.type !== 'witnessed') return
        assert.is(input.history, sign.history)
        assert.ok(isLapsed(sign, input.sentAt), 'a lease may still have run when Redis was asked')
      }
    }),
    RUNS,
  )
})

test('nothing is confirmed unless Redis was asked after the last word, or all of these words prove the history', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const { i, ticket, input } of confirmations(steps)) {
        const sign = recordingOf(steps, ticket)
        if (isProvenBy(steps, i, sign)) continue
        assert.is(input.type, 'witnessed')
        if (input.type !== 'witnessed') return
        assert.is(input.history, sign.history)
        if (isLapsed(sign, input.sentAt)) continue
        for (const { id, history, acknowledged } of sign.members) {
          if (history !== sign.history || acknowledged >= sign.sequence) continue
          // Also in the table of that very answer, if it took no time: Redis read it in the step in which it had the history.
          const said = steps.slice(0, i + 1).find((step) => says(step.input, id, sign))
          assert.ok(said && said.now <= input.sentAt, `${id} said so after Redis was asked`)
        }
      }
    }),
    RUNS,
  )
})

test('nothing is confirmed unless it was remembered here when Redis was asked, or before we spoke ourselves', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const { i, ticket, input } of confirmations(steps)) {
        const sign = recordingOf(steps, ticket)
        if (isProvenBy(steps, i, sign)) continue
        assert.is(input.type, 'witnessed')
        if (input.type !== 'witnessed') return
        const knew = steps.slice(0, i).some(({ after: { remembered }, now: at }) => {
          return at <= input.sentAt && remembers(remembered, sign)
        })
        assert.ok(knew && sign.now <= input.sentAt)
      }
    }),
    RUNS,
  )
})

test('each sign-off has one end at the most, and is pending until then', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const ended = new Set<number>()
      const begun = new Set<number>()
      for (const { input, effects, after } of play(wanted)) {
        if (input.type === 'recorded') begun.add(input.ticket)
        for (const effect of effects) {
          if (effect.type !== 'confirmed' && effect.type !== 'overtaken') continue
          assert.not.ok(ended.has(effect.ticket), 'it ended twice')
          ended.add(effect.ticket)
        }
        const pending = [...begun].filter((ticket) => !ended.has(ticket))
        assert.equal([...after.pending.keys()], pending)
      }
    }),
    RUNS,
  )
})

test('what is pending is of the history that Redis has', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { after } of play(wanted)) {
        for (const one of after.pending.values()) assert.is(one.history, after.known?.history)
      }
    }),
    RUNS,
  )
})

test('a row is taken off only as it was seen each time for a whole bound', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      for (const [i, { now, input, effects }] of steps.entries()) {
        for (const effect of effects) {
          if (effect.type !== 'drop' || input.type !== 'witnessed') continue
          for (const [instance, row] of effect.rows) {
            const looks = steps.slice(0, i + 1).filter((step) => step.input.type === 'witnessed')
            const since = looks.findLastIndex((look) => rowOf(look.input, instance) !== row) + 1
            assert.ok(now - (looks[since]?.now ?? now) >= BOUND_MS, `${instance} had changed since`)
          }
        }
      }
    }),
    RUNS,
  )
})

test('the bound is never shorter than our own, nor than the lease of anybody who was in the table just now', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { input, after } of play(wanted)) {
        assert.ok(after.boundMs >= BOUND_MS)
        for (const { leaseMs } of membersIn(input)) assert.ok(after.boundMs >= boundMs(leaseMs))
      }
    }),
    RUNS,
  )
})

test('until a history is settled the bound does not shrink', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      for (const { now, before, after } of play(wanted)) {
        const isSettled = before.known && now >= before.known.settledAt
        if (!isSettled) assert.ok(after.boundMs >= before.boundMs)
      }
    }),
    RUNS,
  )
})

test('while something is pending there is a next look, and looking on without an answer asks Redis', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const last = play(wanted).at(-1)
      if (last === undefined) return
      let { now, after: state } = last
      const asked: string[] = []
      for (let looks = 0; state.pending.size > 0 && looks < 40; looks++) {
        const at = nextLook(state, now)
        assert.ok(at <= now + LONG_BOUND_MS, `a look at ${at}, now it is ${now}`)
        // One that was due before now is due at once.
        now = Math.max(at, now)
        const [next, effects] = coordinate(state, { type: 'time-passed' }, now)
        state = next
        asked.push(...effects.map(({ type }) => type))
      }
      if (state.pending.size > 0) assert.ok(asked.includes('witness'))
    }),
    RUNS,
  )
})

test('a witness that answers after everything has lapsed leaves nothing pending', () => {
  fc.assert(
    fc.property(story, fc.boolean(), (wanted, isTheSame) => {
      const last = play(wanted).at(-1)
      if (last === undefined) return
      const { known } = last.after
      const sentAt = last.now + LONG_BOUND_MS
      const history = isTheSame ? (known?.history ?? 'h1') : 'h9'
      const upTo = { history: known?.history ?? 'h1', sequence: 4, since: 4 }
      const [remembering] = coordinate(last.after, { type: 'remembered', upTo }, last.now)

      const [state, effects] = coordinate(
        remembering,
        { type: 'witnessed', sentAt, history, rows: [] },
        sentAt + 1,
      )

      assert.is(state.pending.size, 0)
      const outcomes = effects.filter(({ type }) => type === 'confirmed' || type === 'overtaken')
      assert.equal(
        outcomes.map(({ type }) => type),
        [...last.after.pending].map(() => (isTheSame ? 'confirmed' : 'overtaken')),
      )
    }),
    RUNS,
  )
})

test('a state is never changed, only followed by another', () => {
  fc.assert(
    fc.property(story, (wanted) => {
      const steps = play(wanted)
      const copies = structuredClone(steps)
      for (const { before, input, now } of steps) coordinate(before, input, now)
      assert.equal(steps, copies)
    }),
    RUNS,
  )
})

test.run()

function play(wanted: ReadonlyArray<readonly [number, Wanted]>): Step[] {
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

function membersIn(input: CoordinationInput): readonly Member[] {
  if (input.type === 'recorded') return input.recorded.members ?? []
  if (input.type !== 'witnessed') return []
  return input.rows.map(([id, row]): Member => ({ id, ...JSON.parse(row) }))
}

interface Recording {
  readonly now: number
  readonly history: string
  readonly sequence: number
  readonly members: readonly Member[]
}

function recordingOf(steps: readonly Step[], ticket: number): Recording {
  for (const { input, now } of steps) {
    if (input.type === 'recorded' && input.ticket === ticket) {
      return { now, ...input.recorded, members: membersIn(input) }
    }
  }
  throw new TypeError(`nothing was recorded with ticket ${ticket}`)
}

/** Whether the lease of everybody who was a member has ended. */
function isLapsed({ now, members }: Recording, at: number): boolean {
  return at >= now + Math.max(BOUND_MS, ...members.map(({ leaseMs }) => boundMs(leaseMs))) - ASKING_MS
}

function confirmations(steps: readonly Step[]) {
  return steps.flatMap(({ now, input, effects }, i) =>
    effects.flatMap((effect) =>
      effect.type === 'confirmed' ? { i, now, input, ticket: effect.ticket } : [],
    ),
  )
}

/** Whether the history was settled before it was decided, and we spoke ourselves, of what was remembered as it was heard. */
function isProvenBy(steps: readonly Step[], i: number, sign: Recording): boolean {
  const confirming = steps[i]
  const settledAt = confirming?.after.known?.settledAt ?? Number.POSITIVE_INFINITY
  const remembered = confirming?.after.remembered ?? null
  const isMember = sign.members.some(({ id, history }) => id === SELF && history === sign.history)
  return (
    isMember &&
    sign.now >= settledAt &&
    remembers(remembered, sign) &&
    remembered !== null &&
    remembered.since < sign.sequence
  )
}

function remembers(remembered: Coordination['remembered'], { history, sequence }: Recording): boolean {
  return remembered?.history === history && remembered.sequence >= sequence
}

/** Whether the instance said with this that it has applied a sign-off. */
function says(input: CoordinationInput, id: string, { history, sequence }: Recording): boolean {
  if (input.type === 'acknowledged') {
    return input.heard.some(
      (heard) => heard.instance === id && heard.history === history && heard.sequence >= sequence,
    )
  }
  return (
    input.type === 'witnessed' &&
    membersIn(input).some(
      (member) => member.id === id && member.history === history && member.acknowledged >= sequence,
    )
  )
}

function historyOf(input: CoordinationInput): string | null {
  if (input.type === 'recorded') return input.recorded.history
  return input.type === 'witnessed' ? input.history : null
}

const isOf = (input: CoordinationInput, history: string) => historyOf(input) === history
const isOfAnother = (input: CoordinationInput, history: string) =>
  historyOf(input) !== null && historyOf(input) !== history

function rowOf(input: CoordinationInput, instance: string): string | undefined {
  return input.type === 'witnessed' ? input.rows.find(([id]) => id === instance)?.[1] : undefined
}
