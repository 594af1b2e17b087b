import type { OwnEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { newerEvents } from '#browser/newer-events.js'

const test = suite('identity: what has happened since one looked')

/** Newest first, by their numbers. */
const page = (newest: number, count = 20): OwnEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `event-${newest - i}`,
    type: 'session.created',
    time: '2027-01-12T18:30:00.000Z',
    by: 'you',
  }))
const shown = new Set(page(20).map(({ id }) => id))
const look = (newest: readonly OwnEvent[]) => {
  const { fresh, adjoins } = newerEvents(newest, shown)
  return { fresh: fresh.map(({ id }) => id), adjoins }
}

test('what is new is put before what is shown', () => {
  assert.equal(look(page(22)), { fresh: ['event-22', 'event-21'], adjoins: true })
  assert.equal(look(page(20)), { fresh: [], adjoins: true })
  assert.equal(look([]), { fresh: [], adjoins: true }, 'an empty page says nothing')
})

// found 2026-11-26: what happened between a page of new ones and what was shown never came
test('where nothing that is shown is on the newest page, some between may be missing', () => {
  const { fresh, adjoins } = look(page(45))
  assert.equal([fresh.length, adjoins], [20, false])
})

test.run()
