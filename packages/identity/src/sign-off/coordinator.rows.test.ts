import { boundMs } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BOUND_MS, recorded, row, run, SETTLED, settled, witnessed } from '../testing/given-coordination.js'

const test = suite('identity: coordinator, the rows of the table')

test('a row is taken off when it has not changed for a whole bound on our own clock, and as it was seen', () => {
  const silent = row('a', { renewals: 3 })
  const { state, effects } = run(settled(), [
    [SETTLED, witnessed([silent])],
    [SETTLED + BOUND_MS - 1, witnessed([silent])],
  ])
  assert.equal(effects, [])

  assert.equal(run(state, [[SETTLED + BOUND_MS, witnessed([silent])]]).effects, [`drop ${silent.join(' ')}`])
})

test('a row that has changed since is given a whole bound anew, and only those that have not are taken off', () => {
  const [lives, silent] = [row('lives', { renewals: 3 }), row('silent', { renewals: 3 })]
  const renewed = row('lives', { renewals: 4 })
  const { effects } = run(settled(), [
    [SETTLED, witnessed([lives, silent])],
    [SETTLED + BOUND_MS, witnessed([renewed, silent])],
    [SETTLED + 2 * BOUND_MS - 1, witnessed([renewed])],
  ])

  assert.equal(effects, [`drop ${silent.join(' ')}`])
})

test('a row that was away for a moment is a new one', () => {
  const silent = row('a', { renewals: 3 })
  const { effects } = run(settled(), [
    [SETTLED, witnessed([silent])],
    [SETTLED + BOUND_MS - 1, witnessed([])],
    [SETTLED + BOUND_MS, witnessed([silent])],
  ])

  assert.equal(effects, [])
})

test('a row that can’t be read is taken off like any other', () => {
  const unreadable = ['a', 'not a row'] as const
  const { effects } = run(settled(), [
    [SETTLED, witnessed([unreadable])],
    [SETTLED + BOUND_MS, witnessed([unreadable])],
  ])

  assert.equal(effects, ['drop a not a row'])
})

test('the bound follows the longest lease in the table of the sign-off, and each keeps its own', () => {
  const longBoundMs = boundMs(20_000)
  const { state } = run(settled(), [
    [SETTLED, recorded(1, 8, [row('a', { acknowledged: 7 })])],
    [SETTLED, recorded(2, 9, [row('long', { acknowledged: 8, leaseMs: 20_000 })])],
    [SETTLED, recorded(3, 10, [row('a', { acknowledged: 7 })])],
  ])

  assert.equal(
    [...state.pending.values()].map((one) => one.boundMs),
    [BOUND_MS, longBoundMs, BOUND_MS],
    'the third has nobody to wait for so long',
  )
})

test('a row with a longer lease is silent for longer before it is taken off', () => {
  const silent = row('long', { leaseMs: 20_000 })
  const { effects } = run(settled(), [
    [SETTLED, witnessed([silent])],
    [SETTLED + boundMs(20_000) - 1, witnessed([silent])],
  ])

  assert.equal(effects, [])
})

// found 2026-11-27: it was taken off between two of its hellos
test('so is one that can’t be read, whose lease it says all the same', () => {
  const silent = ['newer', JSON.stringify({ leaseMs: 20_000 })] as const
  const { state, effects } = run(settled(), [
    [SETTLED, witnessed([silent])],
    [SETTLED + boundMs(20_000) - 1, witnessed([silent])],
  ])
  assert.equal(effects, [])

  assert.equal(run(state, [[SETTLED + boundMs(20_000), witnessed([silent])]]).effects, [
    `drop ${silent.join(' ')}`,
  ])
})

test('until a history is settled the bound does not shrink below that of the history before', () => {
  const longBoundMs = boundMs(20_000)
  const { state } = run(settled(), [
    [SETTLED, witnessed([row('long', { leaseMs: 20_000 })])],
    [SETTLED + 1, witnessed([], 'h2')],
    [SETTLED + 2, recorded(1, 3, [], 'h2')],
  ])
  assert.is(state.known?.settledAt, SETTLED + 1 + longBoundMs)
  assert.is(state.pending.get(1)?.boundMs, longBoundMs)

  const later = SETTLED + 1 + longBoundMs
  const { state: after } = run(state, [
    [later, recorded(2, 4, [row('a', { acknowledged: 3, history: 'h2' })], 'h2')],
  ])
  assert.is(after.pending.get(2)?.boundMs, BOUND_MS, 'then it does')
})

// found 2026-11-26: its missing table was taken for one without a long lease
test('a sign-off that is nowhere recorded makes no bound shorter', () => {
  const nothing = { history: 'h1', sequence: 0, members: null }
  const { state } = run(settled(), [
    [SETTLED, witnessed([row('long', { leaseMs: 20_000 })])],
    [SETTLED + 1, { type: 'recorded', ticket: 1, decidedAt: SETTLED, recorded: nothing }],
  ])

  assert.is(state.pending.get(1)?.boundMs, boundMs(20_000))
})

test('a lease that is shorter than ours makes no bound shorter', () => {
  const { state } = run(settled(), [[SETTLED, recorded(1, 8, [row('a', { acknowledged: 7, leaseMs: 100 })])]])

  assert.is(state.pending.get(1)?.boundMs, BOUND_MS)
})

test.run()
