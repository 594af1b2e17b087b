import { createEvent } from '@curfew/contract'
import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCursors } from '#browser/cursor-order.js'
import { compareIds, decodeCursor, encodeCursor, parseEntry } from './log-entries.js'

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

test('a cursor names a place, up to the largest that Redis knows', () => {
  for (const id of [
    '0-0',
    '1795261235524-0',
    '1795261235524-17',
    '18446744073709551615-18446744073709551615',
  ]) {
    assert.is(decodeCursor(encodeCursor(id), 'before'), id)
  }
})

test('what is no cursor is refused, and the parameter is named', async () => {
  const good = encodeCursor('1795261235524-0')
  const otherVersion = Buffer.from(good, 'base64url').fill(2, 0, 1).toString('base64url')

  for (const bad of [
    '1795261235524-0',
    `${good}AA`,
    good.slice(0, -2),
    `${good}=`,
    `${good.slice(1)}!`,
    'ä',
    otherVersion,
  ]) {
    const error = await rejects(
      Promise.resolve().then(() => decodeCursor(bad, 'before')),
      'invalid-input',
    )
    assert.match(error.message, 'before')
  }
})

test('places are compared as numbers, not as text', () => {
  assert.ok(compareIds('9-0', '10-0') < 0)
  assert.ok(compareIds('10-10', '10-9') > 0)
  assert.is(compareIds('10-9', '10-9'), 0)
})

test('the console puts cursors in the same order', () => {
  const ids = ['0-0', '9-0', '10-0', '10-9', '10-10', '10-256', '256-0', '1795261235524-0', '1795261235524-1']
  const cursors = ids.map(encodeCursor)

  assert.equal(cursors.toReversed().toSorted(compareCursors), cursors)
})

test.run()
