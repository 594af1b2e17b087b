import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ASK_AGAIN_MS,
  acknowledged,
  LAPSE_MS,
  passed,
  recorded,
  remembered,
  row,
  run,
  SETTLED,
  settled,
  witnessed,
} from '../testing/given-coordination.js'
import { nextLook } from './coordinator.js'

const test = suite('identity: coordinator, asking Redis')

test('where nobody is who could speak, Redis is witness that it still has the history', () => {
  const { effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [])],
    [SETTLED + 1, witnessed([], 'h1', SETTLED)],
  ])

  assert.equal(effects, ['witness', 'confirmed 1'])
})

test('what a silent member holds up is confirmed by time only when Redis was asked after its lease had ended', () => {
  const lapse = SETTLED + LAPSE_MS
  const { state, effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [lapse - 1, passed],
  ])
  assert.equal(effects, [])
  assert.is(nextLook(state, lapse - 1), lapse)

  const asked = run(state, [[lapse, passed]])
  assert.equal(asked.effects, ['witness'], 'time alone confirms nothing')
  const early = run(asked.state, [[lapse + 1, witnessed([], 'h1', lapse - 1)]])
  assert.equal(early.effects, ['witness'], 'it was asked while a lease may still have run')
  const late = run(early.state, [[lapse + 2, witnessed([], 'h1', lapse + 1)]])
  assert.equal(late.effects, ['confirmed 1'])
})

test('an acknowledgement that comes after the lapse, before the witness, confirms as well', () => {
  const lapse = SETTLED + LAPSE_MS
  const { effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [lapse, passed],
    [lapse + 1, acknowledged('a', 8)],
    [lapse + 2, witnessed([], 'h1', lapse + 1)],
  ])

  assert.equal(effects, ['witness', 'confirmed 1'], 'and once')
})

test('a witness that does not answer is asked again, and not more often than that', () => {
  const lapse = SETTLED + LAPSE_MS
  const { state, effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [lapse, passed],
    [lapse + ASK_AGAIN_MS - 1, passed],
  ])
  assert.equal(effects, ['witness'])
  assert.is(nextLook(state, lapse + ASK_AGAIN_MS - 1), lapse + ASK_AGAIN_MS)

  assert.equal(run(state, [[lapse + ASK_AGAIN_MS, passed]]).effects, ['witness'])
})

for (const [why, members, since] of [
  ['this process has not spoken itself', [row('b', { acknowledged: 7 })], 0],
  ['it was remembered only when it was read who is blocked', [row('b', { acknowledged: 7 }), row('a')], 8],
] as const) {
  // found 2026-11-26 by the model: "restored, late messages"
  test(`where ${why}, Redis, asked after the last word, must still have the history`, () => {
    const { state, effects } = run(settled(), [
      [SETTLED, remembered(8, { since })],
      [SETTLED, recorded(1, 8, members)],
      [SETTLED + 1, acknowledged('a', 8)],
      [SETTLED + 2, acknowledged('b', 8)],
    ])
    assert.equal(effects, ['witness'])
    assert.is(nextLook(state, SETTLED + 3), SETTLED + 2 + ASK_AGAIN_MS)

    assert.equal(
      run(state, [[SETTLED + 3, witnessed([], 'h1', SETTLED + 1)]]).effects,
      ['witness'],
      'it was asked before',
    )
    assert.equal(run(state, [[SETTLED + 3, witnessed([], 'h1', SETTLED + 2)]]).effects, ['confirmed 1'])
    assert.equal(run(state, [[SETTLED + 3, witnessed([], 'h2', SETTLED + 2)]]).effects, ['overtaken 1'])
  })
}

test('Redis is witness once for all that is acknowledged at the same time, and again when it does not answer', () => {
  const members = [row('b', { acknowledged: 7 })]
  const { state, effects } = run(settled(), [
    [SETTLED, recorded(1, 8, members)],
    [SETTLED, recorded(2, 9, members)],
    [SETTLED + 2, acknowledged('b', 9)],
    [SETTLED + 2 + ASK_AGAIN_MS - 1, passed],
  ])
  assert.equal(effects, ['witness'])

  const again = run(state, [
    [SETTLED + 2 + ASK_AGAIN_MS, passed],
    [SETTLED + 2 + ASK_AGAIN_MS + 1, witnessed([], 'h1', SETTLED + 2 + ASK_AGAIN_MS)],
  ])
  assert.equal(again.effects, ['witness', 'confirmed 1', 'confirmed 2'])
})

// found 2026-11-26 by the model: "restored, a block"
test('nothing is confirmed before this process remembers it, not even by time', () => {
  const lapse = SETTLED + LAPSE_MS
  const { state, effects } = run(settled(), [
    [SETTLED, remembered(7)],
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [SETTLED + 1, acknowledged('a', 8)],
    [lapse, passed],
    [lapse + 2, witnessed([], 'h1', lapse)],
  ])
  assert.equal(effects, ['witness'])
  assert.is(nextLook(state, lapse + 2), lapse + ASK_AGAIN_MS)

  const then = run(state, [
    [lapse + 3, remembered(8, { since: 8 })],
    [lapse + 5, witnessed([], 'h1', lapse + 3)],
  ])
  assert.equal(then.effects, ['witness', 'confirmed 1'])
})

// found 2026-11-26 by the model: "restored, late messages"
test('what is remembered only after Redis was asked is asked about again', () => {
  const { state } = run(settled(), [
    [SETTLED, remembered(7)],
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 8 })])],
    [SETTLED + LAPSE_MS, passed],
    [SETTLED + LAPSE_MS + 2, remembered(8, { since: 8 })],
  ])

  const late = witnessed([], 'h1', SETTLED + LAPSE_MS)
  assert.equal(run(state, [[SETTLED + LAPSE_MS + 3, late]]).effects, ['witness'])
})

test('where there was nothing to end any more, nobody’s word is enough, only time', () => {
  const lapse = SETTLED + LAPSE_MS
  const nothing = { history: 'h1', sequence: 0, members: null }
  const { state, effects } = run(settled(), [
    [SETTLED, { type: 'recorded', ticket: 1, decidedAt: SETTLED, recorded: nothing }],
    [SETTLED + 1, acknowledged('a', 8)],
  ])
  assert.equal(effects, [])

  const then = run(state, [
    [lapse, passed],
    [lapse + 1, witnessed([], 'h1', lapse)],
  ])
  assert.equal(then.effects, ['witness', 'confirmed 1'])
})

test.run()
