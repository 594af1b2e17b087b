import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  appendAll,
  type GivenStore,
  givenEntries,
  givenEntry,
  positionsOf,
  START_MS,
} from './given-entries.js'

/** How every store removes what is old. */
export function retentionContract(
  test: Test,
  openStore: () => Promise<GivenStore>,
  { atOnce }: { readonly atOnce: number },
): void {
  test('retention removes the oldest by age or by number, step by step, and the chain stays whole', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(2_500))
    const steps: number[] = []
    const onRemoved = (entries: number) => steps.push(entries)

    assert.is(await store.prune({}), 0)
    assert.is(await store.prune({ olderThan: START_MS + 101_000 }), 100)
    assert.is(await store.prune({ mostEntries: 300 }, { signal: AbortSignal.abort(), onRemoved }), atOnce)
    assert.equal(await store.ends(), { first: 101 + atOnce, last: 2_500 })
    assert.ok((await store.verify()).ok)
    assert.is(await store.prune({ mostEntries: 300 }, { onRemoved }), 2_100 - atOnce)
    assert.is(await store.prune({ mostEntries: 300, olderThan: START_MS }), 0)

    assert.is(
      steps.reduce((total, step) => total + step),
      2_100,
    )
    assert.ok(Math.max(...steps) <= atOnce, `${steps}`)
    assert.equal(await store.ends(), { first: 2_201, last: 2_500 })
    assert.is((await store.size()).entries, 300)
    assert.equal(positionsOf((await store.page({ filter: { text: 'event-2200' }, limit: 5 })).entries), [])
    assert.equal(
      positionsOf((await store.page({ filter: { text: 'event-2201' }, limit: 5 })).entries),
      [2_201],
    )
    assert.equal(
      positionsOf((await store.page({ filter: { to: START_MS + 2_202_000 }, limit: 5 })).entries),
      [2_201],
    )
    const verified = await store.verify()
    assert.ok(verified.ok)
    assert.is(verified.ok && verified.checked, 300)
    assert.is(verified.ok && verified.anchor.position, 2_200)
  })

  test('retention by size removes the oldest until what is left takes no more, and hardly more than that', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(1_500))
    const { usedBytes, bytes } = await store.size()
    assert.ok(usedBytes > 1_500 * 200, `${usedBytes}`)
    const mostBytes = Math.round(usedBytes * 0.6)
    const steps: number[] = []
    const onRemoved = (entries: number) => steps.push(entries)

    assert.is(await store.prune({ mostBytes: usedBytes }), 0)
    const first = await store.prune({ mostBytes }, { signal: AbortSignal.abort(), onRemoved })
    assert.ok(first > 0 && first <= atOnce, `${first}`)
    assert.ok((await store.verify()).ok)
    await store.prune({ mostBytes }, { onRemoved })

    const left = await store.size()
    assert.ok(left.usedBytes <= mostBytes, `${left.usedBytes} of ${mostBytes}`)
    assert.ok(left.entries > 1_500 * 0.4 && left.entries < 1_500 * 0.7, `${left.entries} are left`)
    assert.ok(Math.max(...steps) <= atOnce, `${steps}`)
    assert.is(
      steps.reduce((total, step) => total + step),
      1_500 - left.entries,
    )
    assert.equal(await store.ends(), { first: 1_501 - left.entries, last: 1_500 })
    assert.is(await store.prune({ mostBytes }), 0)
    assert.ok((await store.verify()).ok)
    // What became free is in the files still, and does not make it remove more.
    assert.ok(left.bytes >= bytes, `${left.bytes} of ${bytes}`)
  })

  test('what is freed is used again: where as much comes as is removed, the limit is kept and the log is not worn away', async () => {
    await using given = await openStore()
    const { store } = given
    const entries = givenEntries(4_000)
    await appendAll(store, entries.slice(0, 2_000))
    const { usedBytes: mostBytes } = await store.size()

    for (let n = 2_000; n < 4_000; n += 500) {
      await appendAll(store, entries.slice(n, n + 500))
      await store.prune({ mostBytes })
      const left = await store.size()
      assert.ok(left.usedBytes <= mostBytes, `${left.usedBytes} of ${mostBytes} at ${n}`)
      assert.ok(left.entries > 1_500, `${left.entries} are left at ${n}`)
    }

    assert.ok((await store.verify()).ok)
  })

  test('a size that nothing fits into removes everything, and ends', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(150))

    assert.is(await store.prune({ mostBytes: 0 }), 150)
    assert.is(await store.prune({ mostBytes: 0 }), 0)
    assert.is(await store.ends(), null)
    assert.ok((await store.verify()).ok)
  })

  test('what was counted of the events that are left stays, also when one was removed that came in the future', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, [
      { ...givenEntry(1), streamId: `${START_MS + 365 * 24 * 3_600_000}-0` },
      ...givenEntries(4).slice(1),
    ])
    const days = { from: 0, to: 100_000 * 86_400, stepSeconds: 86_400 }

    await store.prune({ mostEntries: 2 })

    assert.is((await store.tally(days)).counts[0]?.count, 4)
  })

  // found 2026-11-27: it was refused, and nothing was kept after it
  test('an event whose stream id names no moment is as old as it says', async () => {
    await using given = await openStore()
    const { store } = given
    const [first, odd, third] = givenEntries(3)
    assert.ok(first && odd && third)
    const ancient = givenEntry(4, { timeMs: Date.UTC(1001, 0) })
    await appendAll(store, [
      first,
      { ...odd, streamId: '99999999999999999-0' },
      { ...third, streamId: '18446744073709551615-18446744073709551615' },
      { ...ancient, streamId: '18446744073709551615-18446744073709551615' },
    ])
    assert.ok((await store.verify()).ok)

    assert.is(await store.prune({ olderThan: START_MS + 2_500 }), 2)
    assert.is(await store.prune({ olderThan: START_MS + 3_500 }), 2)
    assert.ok((await store.verify()).ok)
  })

  // found 2026-11-27: a Redis that lost something is read anew, and still had what retention had removed
  test('what retention has removed is known, and does not come back', async () => {
    await using given = await openStore()
    const { store } = given
    const entries = givenEntries(30)
    await appendAll(store, entries.slice(0, 20))
    await store.prune({ mostEntries: 5 })

    const again = await given.again()
    assert.equal(positionsOf(await appendAll(again, entries)), [21, 22, 23, 24, 25, 26, 27, 28, 29, 30])
    await again.prune({ mostEntries: 0 })
    assert.equal(await appendAll(again, entries), [])
    // The same id of another service is another event.
    assert.equal(
      positionsOf(await appendAll(again, [givenEntry(1, { source: 'projects', type: 'project.created' })])),
      [31],
    )
    assert.ok((await store.verify()).ok)
    await again.close()
  })

  test('what was removed longer ago than Redis has anything is forgotten', async () => {
    await using given = await openStore()
    const { store } = given
    await given.tamper(
      "INSERT INTO removed (position, event_id) VALUES (-400000, '/identity event-2'), (-200000, '/identity event-3')",
    )
    await appendAll(store, givenEntries(1))

    await store.prune({ mostEntries: 0 })

    assert.equal(
      (await appendAll(store, givenEntries(3))).map(({ event }) => event.id),
      ['event-2'],
    )
  })

  test('when retention has removed everything, positions go on', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(3))
    const before = await store.newest()

    assert.is(await store.prune({ mostEntries: 0 }), 3)
    assert.is(await store.ends(), null)
    assert.ok((await store.verify()).ok)

    const [appended] = await appendAll(store, [givenEntry(4)])
    assert.is(appended?.position, 4)
    const verified = await store.verify({ known: before })
    assert.ok(verified.ok && verified.isKnownFound)
  })
}
