import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { figuresOf } from './figures.js'

const test = suite('events: what the pictures show')

const SPAN = { from: 0, to: 120, stepSeconds: 60 }

// found 2026-11-27: each had a list of its own, and a line on a page that grew to 19,000 pixels
test('of thousands of reasons the eight largest are told apart, and the others together', () => {
  const counts = Array.from({ length: 3_000 }, (_, i) => ({
    step: i % 2,
    type: 'session.revoked',
    reason: `r${i}`,
    count: i < 8 ? 10 + i : 1,
  }))

  const { signOffs } = figuresOf(SPAN, { counts, confirmations: [], samples: [] })

  assert.equal(signOffs, {
    r7: [0, 17],
    r6: [16, 0],
    r5: [0, 15],
    r4: [14, 0],
    r3: [0, 13],
    r2: [12, 0],
    r1: [0, 11],
    r0: [10, 0],
    'other reasons': [1_496, 1_496],
  })
})

test('nine reasons are told apart no more, eight are', () => {
  const reasons = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ step: 0, type: 'session.expired', reason: `r${i}`, count: 1 }))
  const named = (count: number) =>
    Object.keys(figuresOf(SPAN, { counts: reasons(count), confirmations: [], samples: [] }).signOffs)

  assert.is(named(8).length, 8)
  assert.not(named(8).includes('other reasons'))
  assert.equal(named(9), [...named(8), 'other reasons'])
})

test.run()
