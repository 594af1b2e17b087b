import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { LogStore } from '../store/log-store.js'
import { givenStore } from '../testing/given-store.js'
import { appendAll, givenEntries, givenEntry, START_MS } from '../testing/log-store/given-entries.js'
import { applyRetention, type RetentionSettings } from './apply-retention.js'

const test = suite('events: retention')

const DAY_SECONDS = 24 * 60 * 60
const DAY_MS = DAY_SECONDS * 1000

/** A log of a hundred entries, one a second. */
async function open() {
  const given = await givenStore()
  await appendAll(given.store, givenEntries(100))
  return {
    ...given,
    apply: (settings: RetentionSettings, nowMs = START_MS + 200_000) =>
      applyRetention({ store: given.store, now: () => nowMs, ...settings }),
    newest: async () => (await given.store.page({ filter: {}, limit: 1 })).entries[0]?.event,
  }
}

test('what is older than so many days is removed, and the log says so', async () => {
  await using world = await open()
  await appendAll(world.store, [givenEntry(2 * DAY_SECONDS + 40)])

  assert.is(await world.apply({ keepDays: 2 }, START_MS + 2 * DAY_MS + 31_000), 30)

  assert.equal(await world.store.ends(), { first: 31, last: 102 })
  const event = await world.newest()
  assert.equal([event?.type, event?.source, event?.subject], ['log.pruned', '/events', null])
  assert.equal(event?.data, {
    actor: 'system',
    entries: 30,
    keptSince: new Date(START_MS + 31_000).toISOString(),
  })
  assert.ok((await world.store.verify()).ok)
})

test('of too many the oldest are removed, with room for the fact of it: it does not go on for ever', async () => {
  await using world = await open()

  assert.is(await world.apply({ keepEvents: 100 }), 0)
  assert.is(await world.apply({ keepEvents: 20 }), 81)
  assert.is((await world.store.size()).entries, 20)
  assert.is(await world.apply({ keepEvents: 20 }), 0)
  assert.is((await world.newest())?.data['entries'], 81)
})

test('of what takes too much the oldest are removed, with room for the fact of it', async () => {
  await using world = await open()
  await appendAll(world.store, givenEntries(3_000).slice(100))
  const { usedBytes } = await world.store.size()
  const keepBytes = Math.round(usedBytes * 0.8)

  assert.is(await world.apply({ keepBytes: usedBytes }), 0)
  const removed = await world.apply({ keepBytes })

  const left = await world.store.size()
  assert.ok(left.usedBytes <= keepBytes, `${left.usedBytes} of ${keepBytes}`)
  assert.is(left.entries, 3_000 - removed + 1)
  assert.ok(left.entries > 3_000 * 0.65, `${left.entries} are left`)
  assert.is((await world.newest())?.data['entries'], removed)
  assert.is(await world.apply({ keepBytes }), 0)
  assert.ok((await world.store.verify()).ok)
})

test('both may be set, and one event may be all that is kept', async () => {
  await using world = await open()

  assert.is(await world.apply({ keepDays: 1, keepEvents: 50, keepBytes: 1e9 }), 51)
  assert.is(await world.apply({ keepEvents: 1 }), 50)
  assert.is((await world.store.size()).entries, 1)
  assert.equal((await world.newest())?.data, { actor: 'system', entries: 50 })
})

// found 2026-11-26: a clock that was ahead for a minute removed the whole log
test('a clock that is ahead removes nothing that is younger than the newest event by so many days', async () => {
  await using world = await open()
  await appendAll(world.store, [givenEntry(2 * DAY_SECONDS + 31)])

  assert.is(await world.apply({ keepDays: 365 }, START_MS + 10 * 365 * DAY_MS), 0)
  assert.is(await world.apply({ keepDays: 2 }, START_MS + 10 * 365 * DAY_MS), 30)
  assert.is((await world.store.size()).entries, 72)
})

test('a clock that was ahead once stops no retention by age', async () => {
  await using world = await open()
  assert.is(await world.apply({ keepEvents: 4 }, START_MS + 365 * DAY_MS), 97)
  assert.is((await world.store.after(0, 4)).at(-1)?.streamId, givenEntry(100).streamId)

  await appendAll(world.store, [givenEntry(60 * DAY_SECONDS)])

  assert.is(await world.apply({ keepDays: 30 }, START_MS + 60 * DAY_MS), 4)
})

// found 2026-11-27
test('nor does an id that names no moment', async () => {
  await using world = await open()
  await appendAll(world.store, [{ ...givenEntry(2 * DAY_SECONDS + 40), streamId: '99999999999999999-0' }])

  assert.is(await world.apply({ keepDays: 2 }, START_MS + 2 * DAY_MS + 31_000), 30)
  assert.is(await world.apply({ keepDays: 2 }, START_MS + 10 * DAY_MS), 9)
  assert.ok((await world.store.verify()).ok)
})

test('what was removed before the store failed is told as well', async () => {
  await using world = await open()
  const { store } = world
  const failure = new Error('the store is gone')
  const failing: LogStore = {
    ...store,
    async prune(limits, options) {
      await store.prune(limits, options)
      throw failure
    },
  }

  const failed = await applyRetention({ store: failing, keepEvents: 20 }).catch((error: unknown) => error)

  assert.is(failed, failure)
  const event = await world.newest()
  assert.equal([event?.type, event?.data['entries']], ['log.pruned', 81])
})

test('nothing is removed unless it is asked for', async () => {
  await using world = await open()

  assert.is(await world.apply({}, START_MS + 100_000 * DAY_MS), 0)
  assert.equal(await world.store.ends(), { first: 1, last: 100 })
})

test.run()
