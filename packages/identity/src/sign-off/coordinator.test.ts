import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acknowledged,
  LAPSE_MS,
  passed,
  recorded,
  row,
  run,
  SETTLED,
  settled,
  witnessed,
} from '../testing/given-coordination.js'
import { instancesOf } from './confirmation.js'
import { nextLook } from './coordinator.js'

const test = suite('identity: coordinator')

test('a sign-off is confirmed in the moment in which the last member acknowledges it', () => {
  const { state, effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 }), row('b', { acknowledged: 7 })])],
    [SETTLED + 1, acknowledged('a', 8)],
  ])
  assert.equal(effects, [])

  const last = run(state, [[SETTLED + 2, acknowledged('b', 8)]])
  assert.equal(last.effects, ['confirmed 1'])
  assert.is(last.state.pending.size, 0)
  assert.equal(run(last.state, [[SETTLED + 3, acknowledged('b', 9)]]).effects, [], 'once')
})

test('nobody is waited for where everybody has acknowledged it by the table', () => {
  const { effects } = run(settled(), [[SETTLED, recorded(2, 9, [row('a', { acknowledged: 9 })])]])

  assert.equal(effects, ['confirmed 2'])
})

test('an acknowledgement that overtakes the answer of the script that it is about counts', () => {
  const { effects } = run(settled(), [
    [SETTLED, acknowledged('a', 8)],
    [SETTLED + 1, recorded(1, 8, [row('a', { acknowledged: 7 })])],
  ])

  assert.equal(effects, ['confirmed 1'])
})

test('of each instance the newest acknowledgement is kept: an older one that comes later takes nothing back', () => {
  const { effects } = run(settled(), [
    [SETTLED, acknowledged('a', 9)],
    [SETTLED, acknowledged('a', 7)],
    [SETTLED + 1, recorded(1, 9, [row('a', { acknowledged: 6 })])],
  ])

  assert.equal(effects, ['confirmed 1'])
})

test('who acknowledges without being a member confirms nothing', () => {
  const { effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [SETTLED + 1, acknowledged('stranger', 8)],
  ])

  assert.equal(effects, [])
})

test('who has left is not waited for any more', () => {
  const { effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [SETTLED + 1, acknowledged('a', Number.MAX_SAFE_INTEGER)],
  ])

  assert.equal(effects, ['confirmed 1'])
})

test('what is pending is confirmed one by one, each by its own number', () => {
  const members = [row('a', { acknowledged: 6 })]
  const { state, effects } = run(settled(), [
    [SETTLED, recorded(1, 7, members)],
    [SETTLED, recorded(2, 8, members)],
    [SETTLED, recorded(3, 9, [...members, row('b', { acknowledged: 8 })])],
    [SETTLED + 1, acknowledged('a', 7)],
  ])
  assert.equal(effects, ['confirmed 1'])

  const then = run(state, [
    [SETTLED + 2, acknowledged('a', 9)],
    [SETTLED + 3, acknowledged('b', 9)],
  ])
  assert.equal(then.effects, ['confirmed 2', 'confirmed 3'])
})

test('the table says what was acknowledged while nobody listened', () => {
  const { effects } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [SETTLED + 1, witnessed([row('a', { acknowledged: 8 })])],
  ])

  assert.equal(effects, ['confirmed 1'])
})

test('what those said who are gone is forgotten with the next look at the table', () => {
  const { state } = run(settled(), [
    [SETTLED, acknowledged('a', 8)],
    [SETTLED, acknowledged('b', 8)],
    [SETTLED + 1, witnessed([row('b', { acknowledged: 8 })])],
  ])

  assert.equal([...state.newest.keys()], ['b'])
})

test('a receipt names who applied it and who lapsed, from when the sign-off was decided', () => {
  const lapse = SETTLED + LAPSE_MS
  const members = [row('a', { acknowledged: 7 }), row('b', { acknowledged: 7 })]
  const { state, all } = run(settled(), [
    [SETTLED, { ...recorded(1, 8, members), decidedAt: SETTLED - 3 }],
    [SETTLED + 2, acknowledged('a', 8)],
    [lapse, passed],
    [lapse + 1, witnessed([], 'h1', lapse)],
  ])
  const confirmed = all.find(({ type }) => type === 'confirmed')

  assert.is(state.pending.size, 0)
  assert.equal(confirmed?.type === 'confirmed' && instancesOf(confirmed.confirmation, lapse + 1), [
    { id: 'a', service: 'projects', state: 'applied', ms: 5 },
    { id: 'b', service: 'projects', state: 'lapsed', ms: 3 + LAPSE_MS },
  ])
})

test('while nothing is pending there is nothing to look for', () => {
  assert.is(nextLook(settled(), SETTLED), Number.POSITIVE_INFINITY)
})

test.run()
