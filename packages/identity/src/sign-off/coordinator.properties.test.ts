import { boundMs } from '@curfew/contract'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  BOUND_MS,
  inEveryStory,
  LONG_BOUND_MS,
  membersIn,
  play,
  RUNS,
  story,
} from '../testing/coordination-stories.js'
import { type CoordinationInput, coordinate, nextLook } from './coordinator.js'

const test = suite('identity: coordinator, whatever comes in whatever order')

test('each sign-off has one end at the most, and is pending until then', () => {
  inEveryStory((steps) => {
    const ended = new Set<number>()
    const begun = new Set<number>()
    for (const { input, effects, after } of steps) {
      if (input.type === 'recorded') begun.add(input.ticket)
      for (const effect of effects) {
        if (effect.type !== 'confirmed' && effect.type !== 'overtaken') continue
        assert.not.ok(ended.has(effect.ticket), 'it ended twice')
        ended.add(effect.ticket)
      }
      const pending = [...begun].filter((ticket) => !ended.has(ticket))
      assert.equal([...after.pending.keys()], pending)
    }
  })
})

test('what is pending is of the history that Redis has', () => {
  inEveryStory((steps) => {
    for (const { after } of steps) {
      for (const one of after.pending.values()) assert.is(one.history, after.known?.history)
    }
  })
})

test('a row is taken off only as it was seen each time for a whole bound', () => {
  inEveryStory((steps) => {
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
  })
})

test('the bound is never shorter than our own, nor than the lease of anybody who was in the table just now', () => {
  inEveryStory((steps) => {
    for (const { input, after } of steps) {
      assert.ok(after.boundMs >= BOUND_MS)
      for (const { leaseMs } of membersIn(input)) assert.ok(after.boundMs >= boundMs(leaseMs))
    }
  })
})

test('until a history is settled the bound does not shrink', () => {
  inEveryStory((steps) => {
    for (const { now, before, after } of steps) {
      const isSettled = before.known && now >= before.known.settledAt
      if (!isSettled) assert.ok(after.boundMs >= before.boundMs)
    }
  })
})

test('while something is pending there is a next look, and looking on without an answer asks Redis', () => {
  inEveryStory((steps) => {
    const last = steps.at(-1)
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
  })
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
  inEveryStory((steps) => {
    const copies = structuredClone(steps)
    for (const { before, input, now } of steps) coordinate(before, input, now)
    assert.equal(steps, copies)
  })
})

test.run()

function rowOf(input: CoordinationInput, instance: string): string | undefined {
  return input.type === 'witnessed' ? input.rows.find(([id]) => id === instance)?.[1] : undefined
}
