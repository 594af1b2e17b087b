import type { Member } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acknowledge,
  awaitConfirmation,
  hasLapsed,
  instancesOf,
  isAcknowledged,
  nextLookAt,
} from './confirmation.js'

const test = suite('identity: confirmation')

const member = (id: string, acknowledged: number, history = 'h1'): Member => ({
  id,
  service: 'projects',
  history,
  acknowledged,
  renewals: 1,
  leaseMs: 5_000,
  renewedAt: 0,
  hooksFailed: [],
})
const heard = (instance: string, sequence: number, history = 'h1', hooksFailed: number[] = []) => ({
  instance,
  history,
  sequence,
  hooksFailed,
})
const times = { decidedAt: 0, durableAt: 1, boundMs: 5_100, settledAt: 0 }
const recorded = (...members: Member[]) => ({ history: 'h1', sequence: 8, members })

test('it is confirmed when every member has acknowledged it, and not before', () => {
  let state = awaitConfirmation(recorded(member('a', 7), member('b', 7)), times)
  assert.not(isAcknowledged(state, 2))

  state = acknowledge(state, [heard('a', 8)], 2)
  assert.not(isAcknowledged(state, 2))

  state = acknowledge(state, [heard('b', 9)], 3)
  assert.ok(isAcknowledged(state, 3))
})

test('an acknowledgement of something earlier does not count', () => {
  const state = awaitConfirmation(recorded(member('a', 7)), times)

  assert.not(isAcknowledged(acknowledge(state, [heard('a', 7)], 2), 2))
})

test('a number that outlived its history does not count', () => {
  const state = awaitConfirmation(recorded(member('a', 7)), times)

  assert.not(isAcknowledged(acknowledge(state, [heard('a', 9, 'h0')], 2), 2))
})

test('with a silent member it is confirmed when every lease has ended, which the receipt calls lapsed', () => {
  const state = awaitConfirmation(recorded(member('a', 8), member('b', 7)), times)

  assert.not(hasLapsed(state, 5_060))
  assert.ok(hasLapsed(state, 5_061))
  assert.not(isAcknowledged(state, 5_061))
  assert.equal(
    instancesOf(state, 5_061).map((one) => one.state),
    ['applied', 'lapsed'],
  )
  assert.equal(
    instancesOf(state, 100).map((one) => one.state),
    ['applied', 'pending'],
  )
})

test('a row of another history is not waited for: its lease is dead once the history is settled', () => {
  const state = awaitConfirmation(recorded(member('a', 8), member('b', 3, 'h0')), times)

  assert.ok(isAcknowledged(state, 2))
})

test('until the history is settled the table is not believed, not even when it is empty', () => {
  const state = awaitConfirmation(recorded(), { ...times, settledAt: 3_000 })

  assert.not(isAcknowledged(state, 2_999))
  assert.is(nextLookAt(state, 10), 3_000)
  assert.ok(isAcknowledged(state, 3_000))
})

test('being unsettled never takes longer than the bound', () => {
  const state = awaitConfirmation(recorded(), { ...times, settledAt: 9_000 })

  assert.ok(hasLapsed(state, 5_061))
  assert.is(nextLookAt(state, 10), 5_061)
})

test('an instance whose hook failed is named, and holds nothing up', () => {
  const state = acknowledge(awaitConfirmation(recorded(member('a', 7)), times), [heard('a', 9, 'h1', [8])], 3)

  assert.ok(isAcknowledged(state, 3))
  assert.equal(instancesOf(state, 3), [
    { id: 'a', service: 'projects', state: 'applied', ms: 3, hook: 'failed' },
  ])
})

test.run()
