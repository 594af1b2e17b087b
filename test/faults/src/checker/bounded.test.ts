import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, fault, judge, login, refused, signOff } from './given.js'

const test = suite('faults, checker: bounded')

/** The bound that `signOff` names is 100, and the way there and back may take 2,000. */

test('a sign-off that is confirmed within its bound is as it should be', () => {
  assert.equal(judge(login(), signOff(1_000, 1_099)), [])
})

test('one that is confirmed later is not', () => {
  assert.equal(judge(login(), signOff(1_000, 3_200)), ['2 confirmed late'])
})

test('nor is one that stays pending', () => {
  assert.equal(judge(login(), signOff(1_000, 1_100, { outcome: 'pending', status: 202 })), [
    '2 confirmed late',
  ])
})

test('nor is one that names a longer bound than was promised', () => {
  const setup = { op: 'setup', promisedBoundMs: 100 } as const
  const receipt = { eventId: 'event-1', tookMs: 1, boundMs: 2_200, applied: 3, lapsed: 0, pending: 0 }

  assert.equal(judge(setup, login(), signOff(1_000, 1_600, { receipt })), ['2 too long a bound'])
})

test('while Redis or identity is hit the answer may be late', () => {
  const late = signOff(1_000, 5_000)

  assert.equal(judge(login(), late, fault(900, 1_100)), [])
  assert.equal(judge(login(), late, fault(900, 1_100, { hit: ['identity'] })), [])
  assert.equal(judge(login(), late, fault(900, 1_100, { hit: ['service-1'] })), ['2 confirmed late'])
  assert.equal(judge(login(), late, fault(900, 1_100, { hit: ['identity-2'] })), ['2 confirmed late'])
  assert.equal(judge(login(), late, fault(500, 900)), ['2 confirmed late'])
})

test('a bound after the answer nobody is served, confirmed or not, whatever is hit', () => {
  const pending = signOff(1_000, 1_100, { outcome: 'pending', status: 202 })
  const hit = fault(900, 5_000)

  assert.equal(judge(login(), pending, hit, accepted(1_200), refused(1_201)), [])
  assert.equal(judge(login(), pending, hit, accepted(1_201)), ['2 served after the bound'])
})

test('what could not be recorded promises nothing', () => {
  const unrecorded = signOff(1_000, 3_000, { outcome: 'unrecorded', status: 503, retryAfter: true })

  assert.equal(judge(login(), unrecorded, accepted(9_000)), [])
})

test.run()
