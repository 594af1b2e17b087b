import { createEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareIds, idBefore, momentOf, parseEntry } from './log-entries.js'

const test = suite('events: log entries')

test('an entry is its event', () => {
  const event = createEvent('identity', 'session.created', 'ada', { actor: 'ada' })

  const entry = parseEntry(['5-0', ['event', JSON.stringify(event)]])

  assert.equal(entry?.event, event)
  assert.equal(JSON.parse(entry?.json ?? ''), event)
})

test('a sign-off has the number that its entry gives it', () => {
  const event = createEvent('identity', 'user.blocked', 'vito', { actor: 'ada' })

  const entry = parseEntry(['5-0', ['event', JSON.stringify(event), 'sequence', '42']])

  assert.is(entry?.event.sequence, 42)
  assert.is(JSON.parse(entry?.json ?? '').sequence, 42)
})

test('what is no event is nothing', () => {
  assert.is(parseEntry(['5-0', ['event', '{"type":']]), null)
  assert.is(parseEntry(['5-0', ['event', '{"type":"session.created"}']]), null)
  assert.is(parseEntry(['5-0', ['note', 'hello']]), null)
  assert.is(parseEntry(['5-0', []]), null)
})

test('places are compared as numbers, not as text', () => {
  assert.ok(compareIds('9-0', '10-0') < 0)
  assert.ok(compareIds('10-10', '10-9') > 0)
  assert.is(compareIds('10-9', '10-9'), 0)
})

test('before each id is the next smaller one', () => {
  assert.equal(['5-7', '5-0', '0-1', '0-0'].map(idBefore), ['5-6', '4-18446744073709551615', '0-0', '0-0'])
})

test('an id names the moment that it was made, as far as there are dates', () => {
  assert.equal(
    ['0-0', '1800000000000-7', '8640000000000000-0', '8640000000000001-0', '99999999999999999-0'].map(
      momentOf,
    ),
    [0, 1_800_000_000_000, 8_640_000_000_000_000, null, null],
  )
})

test.run()
