import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCursors } from './cursor-order.js'
import { decodeCursor, encodeCursor, LAST_POSSIBLE } from './cursors.js'

const test = suite('events: cursors')

test('a cursor names a place, up to the largest that there can be', () => {
  for (const position of [0, 1, 255, 256, 4_294_967_296, LAST_POSSIBLE]) {
    assert.is(decodeCursor(encodeCursor(position), 'before'), position)
  }
})

test('what is no cursor is refused, and the parameter is named', async () => {
  const good = encodeCursor(1_795_261)
  const otherVersion = Buffer.from(good, 'base64url').fill(1, 0, 1).toString('base64url')

  for (const bad of [
    '1795261',
    `${good}AA`,
    good.slice(0, -2),
    `${good}=`,
    `${good.slice(1)}!`,
    'ä',
    otherVersion,
    Buffer.from(good, 'base64url').fill(255, 1).toString('base64url'),
  ]) {
    const error = await rejects(
      Promise.resolve().then(() => decodeCursor(bad, 'before')),
      'invalid-input',
    )
    assert.match(error.message, 'before')
  }
})

test('the console puts cursors in the same order', () => {
  const cursors = [0, 1, 9, 10, 255, 256, 65_536, 4_294_967_296, LAST_POSSIBLE].map(encodeCursor)

  assert.equal(cursors.toReversed().toSorted(compareCursors), cursors)
})

test.run()
