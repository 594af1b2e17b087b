import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { duration } from './duration.js'

const test = suite('events: lengths of time')

test('a length of time is said in the units that help', () => {
  assert.equal([0, 3.94, 412, 1_234, 200_400, 7_500_000].map(duration), [
    '0 ms',
    '3.9 ms',
    '412 ms',
    '1.2 s',
    '3 min 20 s',
    '2 h 5 min',
  ])
  assert.is(duration(Number.NaN), '–')
})

// found 2026-11-27: “60.0 s”, “59 min 60 s”
test('what is all but the next unit is said in it', () => {
  assert.equal([999.94, 999.96, 59_940, 59_960, 119_600, 3_599_400, 3_599_600, 7_199_999].map(duration), [
    '999.9 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '2 h 0 min',
  ])
})

test.run()
