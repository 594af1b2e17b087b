import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LONGEST_WAIT_SECONDS, preferredWait } from './prefer-wait.js'

const test = suite('identity: Prefer: wait')

const waitOf = (prefer: string) => preferredWait({ get: () => prefer })

test('it is read however it is written, and among others', () => {
  for (const header of [
    'wait=5',
    'WAIT=5',
    'wait = 5',
    'wait="5"',
    'wait=5;why=patience',
    'respond-async, wait=5',
    'respond-async,wait=5, priority=high',
    'note="a, wait=9", wait=5',
    'note="a \\", wait=9", wait=5',
    ', ,wait=5,',
  ]) {
    assert.is(waitOf(header), 5, header)
  }
  assert.is(waitOf('wait=0'), 0)
})

test('what is no number of seconds is ignored, as if nothing had been said', () => {
  for (const header of [
    '',
    'wait',
    'wait=',
    'wait=""',
    'wait=-1',
    'wait=1.5',
    'wait=soon',
    'wait=5s',
    'wait=0x5',
    'waiting=5',
    'await=5',
    'respond-async; wait=5',
    'note="wait=5"',
    'wait="5',
  ]) {
    assert.is(waitOf(header), null, header)
  }
})

test('of several only the first counts', () => {
  assert.is(waitOf('wait=1, wait=9'), 1)
  assert.is(waitOf('wait=never, wait=9'), null)
})

test('nobody is kept waiting for longer than half a minute', () => {
  assert.is(waitOf('wait=31'), LONGEST_WAIT_SECONDS)
  assert.is(waitOf(`wait=${'9'.repeat(400)}`), LONGEST_WAIT_SECONDS)
})

test('whatever is sent, it is a sensible wait or none', () => {
  const text = fc.string({
    unit: fc.constantFrom('wait', '=', '"', '\\', ',', ';', ' ', '7', 'x'),
    maxLength: 40,
  })

  fc.assert(
    fc.property(text, (header) => {
      const wait = waitOf(header)
      return wait === null || (Number.isInteger(wait) && wait >= 0 && wait <= LONGEST_WAIT_SECONDS)
    }),
  )
})

test.run()
