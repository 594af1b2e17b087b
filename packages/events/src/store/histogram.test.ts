import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bucketOf, percentileOf } from './histogram.js'

const test = suite('events: histogram')

function bucketsOf(durations: readonly number[]) {
  return durations.map((tookMs) => ({ bucket: bucketOf(tookMs), count: 1 }))
}

test('a percentile is right to 2 %, whatever was measured', () => {
  const duration = fc.double({ min: 0.02, max: 100_000, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(duration, { minLength: 1, maxLength: 50 }),
      fc.constantFrom(1, 50, 99, 100),
      (durations, percent) => {
        const sorted = durations.toSorted((a, b) => a - b)
        const exact = sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0
        const estimated = percentileOf(bucketsOf(durations), percent) ?? 0
        assert.ok(Math.abs(estimated - exact) <= 0.025 * exact, `${estimated} instead of ${exact}`)
      },
    ),
    { seed: 2027 },
  )
})

test('of nothing there is none, and no duration is too short or too long to be counted', () => {
  assert.is(percentileOf([], 50), null)
  for (const tookMs of [0, 1e-9, 1e12]) assert.ok(Number.isFinite(percentileOf(bucketsOf([tookMs]), 50)))
})

test.run()
