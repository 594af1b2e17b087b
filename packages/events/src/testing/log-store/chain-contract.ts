import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { CHAIN_START, linkAfter } from '../../store/chain.js'
import {
  appendAll,
  type GivenStore,
  givenEntries,
  givenEntry,
  positionsOf,
  START_MS,
} from './given-entries.js'

/** How every store shows that somebody has changed it. */
export function chainContract(test: Test, openStore: () => Promise<GivenStore>): void {
  test('a log is whole whenever its events say that they happened', async () => {
    await using given = await openStore()
    const hour = 3_600_000
    const times = [-hour - 1, -hour, -1, 0, hour - 1, hour, START_MS, 1, Date.UTC(1001, 0)]

    await appendAll(
      given.store,
      times.map((timeMs, index) => givenEntry(index + 1, { timeMs })),
    )

    assert.equal(
      { ...(await given.store.verify()), newest: null, anchor: null },
      {
        ok: true,
        checked: times.length,
        anchor: null,
        newest: null,
        isKnownFound: false,
      },
    )
  })

  test('the hash is that of the documented bytes', async () => {
    await using given = await openStore()
    const { store } = given
    const [first, second] = givenEntries(2, () => ({ data: { actor: 'Ådå 🜁', reason: 'a\nb' } }))
    assert.ok(first && second)

    await appendAll(store, [first, second])

    assert.equal(await store.newest(), linkAfter(linkAfter(CHAIN_START, first), second))
  })

  test('verifying says how far it is', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(450))
    const progress: Array<[number, number]> = []

    await store.verify({ onProgress: (checked, of) => progress.push([checked, of]) })

    assert.equal(progress, [
      [200, 450],
      [400, 450],
      [450, 450],
    ])
  })

  for (const [name, sql, position, why] of [
    [
      'one byte is changed',
      "UPDATE events SET json = replace(json, 'event-5\"', 'event-6\"') WHERE position = 5",
      5,
      'hash',
    ],
    ['a stream id is changed', "UPDATE events SET stream_id = '7-7' WHERE position = 5", 5, 'hash'],
    ['one in the middle is deleted', 'DELETE FROM events WHERE position = 5', 5, 'gap'],
    [
      'two are swapped',
      'UPDATE events SET json = (SELECT other.json FROM events AS other WHERE other.position = 11 - events.position) WHERE position IN (5, 6)',
      5,
      'hash',
    ],
    [
      'the positions of two are swapped',
      'UPDATE events SET position = -5 WHERE position = 5; UPDATE events SET position = 5 WHERE position = 6; UPDATE events SET position = 6 WHERE position = -5',
      5,
      'hash',
    ],
    ['the first ones are deleted', 'DELETE FROM events WHERE position < 4', 1, 'gap'],
    ['the end is cut off', 'DELETE FROM events WHERE position > 7', 8, 'end'],
    ['everything is deleted', 'DELETE FROM events', 1, 'end'],
    ['one is hidden from a filter', "UPDATE events SET user_id = 'nobody' WHERE position = 5", 5, 'facts'],
    ['the hours are gone by which a time is searched', 'DELETE FROM hours', 1, 'facts'],
    ['an hour ends before its last event', 'UPDATE hours SET last_position = 4', 5, 'facts'],
    ['an hour begins after its first event', 'UPDATE hours SET first_position = 2', 1, 'facts'],
    [
      'one is made older for retention',
      'UPDATE events SET streamed_ms = streamed_ms - 1 WHERE position = 5',
      5,
      'facts',
    ],
    ['it is not said where the chain begins', 'DELETE FROM state', 1, 'anchor'],
    ['it begins behind its end', 'UPDATE state SET anchor_position = 99', 1, 'anchor'],
    ['it begins later than it does', 'UPDATE state SET anchor_position = 3', 1, 'order'],
  ] as const) {
    test(`noticed: ${name}`, async () => {
      await using given = await openStore()
      await appendAll(given.store, givenEntries(10))
      assert.ok((await given.store.verify()).ok)

      await given.tamper(sql)
      const { ok, ...found } = await given.store.verify()

      assert.not(ok)
      assert.is('position' in found && found.position, position)
      assert.is('why' in found && found.why, why)
    })
  }

  // found 2026-11-26: what stood where retention had removed was shown, and the log was called whole
  for (const position of [3, 0, -7]) {
    test(`what is slipped in before the log begins, at ${position}, is shown to nobody, and noticed`, async () => {
      await using given = await openStore()
      const { store } = given
      await appendAll(store, givenEntries(10))
      const known = await store.newest()
      await store.prune({ mostEntries: 5 })

      await given.tamper(`
        CREATE TABLE slipped AS SELECT * FROM events WHERE position = 10;
        UPDATE slipped SET position = ${position}, event_id = 'forged', user_id = 'eve',
          json = replace(replace(json, 'event-10', 'forged'), '"subject":"ada"', '"subject":"eve"');
        INSERT INTO events SELECT * FROM slipped;
        UPDATE hours SET first_position = -9`)

      assert.equal((await store.page({ filter: { user: 'eve' }, limit: 5 })).entries, [])
      assert.equal((await store.page({ filter: { user: 'eve', from: START_MS }, limit: 5 })).entries, [])
      assert.equal(positionsOf((await store.page({ filter: {}, limit: 9 })).entries), [10, 9, 8, 7, 6])
      assert.equal(positionsOf(await store.after(0, 9)), [6, 7, 8, 9, 10])
      for (const options of [{}, { known }])
        assert.equal(await store.verify(options), { ok: false, checked: 0, position, why: 'order' })
    })
  }

  test('who may write the whole store can cut its end off; the newest place kept elsewhere tells', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(7))
    const { hash } = await store.newest()
    await appendAll(store, givenEntries(10))
    const known = await store.newest()

    await given.tamper('DELETE FROM events WHERE position > 7')
    await given.tamper(
      `UPDATE state SET newest_position = 7, newest_hash = (SELECT hash FROM events WHERE position = 7)`,
    )

    const alone = await store.verify()
    assert.ok(alone.ok)
    assert.is(alone.ok && alone.newest.hash, hash)
    assert.equal(await store.verify({ known }), { ok: false, checked: 7, position: 8, why: 'end' })
  })

  test('a log that was made anew is whole by itself; the newest place kept elsewhere tells', async () => {
    await using given = await openStore()
    await using other = await openStore()
    await appendAll(given.store, givenEntries(10))
    const known = await given.store.newest()

    await appendAll(
      other.store,
      givenEntries(10, (n) => ({ subject: n === 4 ? 'mallory' : 'ada' })),
    )

    assert.ok((await other.store.verify()).ok)
    assert.equal(await other.store.verify({ known }), { ok: false, checked: 9, position: 10, why: 'hash' })
  })

  // found 2026-11-27: verifying failed, and named nothing
  test('a stream id that is none is named, also where the hashes fit it', async () => {
    await using given = await openStore()
    const { store } = given
    const [first, second] = givenEntries(2)
    assert.ok(first && second)
    await appendAll(store, [first, second])

    const forged = linkAfter(linkAfter(CHAIN_START, first), { ...second, streamId: 'none' })
    const hash = given.bytes(forged.hash)
    await given.tamper(`UPDATE events SET stream_id = 'none', hash = ${hash} WHERE position = 2`)
    await given.tamper(`UPDATE state SET newest_hash = ${hash}`)

    assert.equal(await store.verify(), { ok: false, checked: 1, position: 2, why: 'facts' })
  })

  test('after the end is cut off, what is appended leaves the gap', async () => {
    await using given = await openStore()
    await appendAll(given.store, givenEntries(10))

    await given.tamper('DELETE FROM events WHERE position > 7')
    await appendAll(given.store, [givenEntry(11)])

    const verified = await given.store.verify()
    assert.equal(verified, { ok: false, checked: 7, position: 8, why: 'gap' })
  })
}
