import { deferred } from '@curfew/testing'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { CHAIN_START } from '../../store/chain.js'
import { appendAll, type GivenStore, givenEntries, givenEntry, positionsOf } from './given-entries.js'

/** How every store keeps what it is given. */
export function appendContract(test: Test, openStore: () => Promise<GivenStore>): void {
  test('an empty store has nothing, and is whole', async () => {
    await using given = await openStore()
    const { store } = given

    assert.is(await store.cursor(), null)
    assert.is(await store.ends(), null)
    assert.is((await store.size()).entries, 0)
    assert.equal(await store.page({ filter: {}, limit: 10 }), { entries: [], next: null })
    assert.equal(await store.after(0, 10), [])
    assert.equal(await store.newest(), CHAIN_START)
    assert.equal(await store.verify(), {
      ok: true,
      checked: 0,
      anchor: CHAIN_START,
      newest: CHAIN_START,
      isKnownFound: false,
    })
  })

  test('appends in order, with positions from 1, and moves the cursor', async () => {
    await using given = await openStore()
    const { store } = given
    const entries = givenEntries(3)

    const appended = await store.append({ entries, upTo: '1900000000000-7' })

    assert.equal(
      appended,
      entries.map(({ streamId, json, event }, index) => ({ position: index + 1, streamId, json, event })),
    )
    assert.is(await store.cursor(), '1900000000000-7')
    assert.equal(await store.ends(), { first: 1, last: 3 })
    const size = await store.size()
    assert.is(size.entries, 3)
    assert.ok(size.bytes > 0)
    assert.equal(await store.after(0, 10), appended)
    assert.equal(positionsOf(await store.after(1, 1)), [2])
    assert.equal(positionsOf((await store.page({ filter: {}, limit: 10 })).entries), [3, 2, 1])
  })

  test('a batch without entries moves the cursor', async () => {
    await using given = await openStore()
    const { store } = given
    assert.equal(await store.append({ entries: [], upTo: '5-0' }), [])
    assert.is(await store.cursor(), '5-0')
  })

  test('a batch that is of no stream leaves the cursor where it is', async () => {
    await using given = await openStore()
    await given.store.append({ entries: [givenEntry(1)] })
    assert.is(await given.store.cursor(), null)
    await given.store.append({ entries: [], upTo: '5-0' })
    await given.store.append({ entries: [givenEntry(2)] })

    assert.is(await given.store.cursor(), '5-0')
    assert.equal(await given.store.ends(), { first: 1, last: 2 })
  })

  test('what goes on after an id is appended only where the stream is kept up to that', async () => {
    await using given = await openStore()
    const { store } = given
    const again = await given.again()
    const batch = (n: number) => ({ entries: [givenEntry(n)], upTo: `${n}-0` })

    assert.is(await store.appendAfter('7-0', batch(1)), null)
    assert.equal(positionsOf((await store.appendAfter('0-0', batch(1))) ?? []), [1])
    assert.is(await again.appendAfter('0-0', batch(2)), null)
    assert.equal(await again.appendAfter('1-0', { entries: [], upTo: '2-0' }), [])
    assert.is(await store.appendAfter('1-0', batch(2)), null)
    assert.is(await store.cursor(), '2-0')
    assert.equal(await store.ends(), { first: 1, last: 1 })
    await again.close()
  })

  test('an event is kept once, whatever its stream id, also within a batch', async () => {
    await using given = await openStore()
    const { store } = given
    const [first, second, third] = givenEntries(3)
    assert.ok(first && second && third)
    await appendAll(store, [first, second])

    const moved = { ...second, streamId: '1900000000000-0' }
    const appended = await appendAll(store, [moved, third, third])

    assert.equal(
      appended.map(({ position, event }) => [position, event.id]),
      [[3, 'event-3']],
    )
    assert.equal(await appendAll(store, [first, second, third]), [])
    assert.ok((await store.verify()).ok)
  })

  // found 2026-11-26: whoever took the id of a fact first kept that of another service out of the log
  test('two services may give the same id: each of the two is kept, once', async () => {
    await using given = await openStore()
    const { store } = given
    const entries = [
      givenEntry(1, { id: 'same', source: 'projects', type: 'project.created' }),
      givenEntry(2, { id: 'same', source: 'identity', type: 'instance.lost', subject: null }),
    ]

    await appendAll(store, entries)

    assert.equal(await appendAll(store, entries), [])
    assert.equal(
      (await store.after(0, 10)).map(({ event }) => event.type),
      ['project.created', 'instance.lost'],
    )
    assert.ok((await store.verify()).ok)
  })

  test('what is no event of the stream is refused, and nothing of its batch is kept', async () => {
    await using given = await openStore()
    const { store } = given
    const good = givenEntry(1)

    for (const bad of [
      { ...givenEntry(2), json: '{}' },
      { ...givenEntry(2), streamId: '7\n8' },
    ]) {
      const refused = await appendAll(store, [good, bad]).catch((error: unknown) => error)
      assert.instance(refused, TypeError)
    }

    assert.is(await store.ends(), null)
    assert.is(await store.cursor(), null)
  })

  test('another one that opens it finds everything, and appends after it', async () => {
    await using given = await openStore()
    await appendAll(given.store, givenEntries(2))

    const second = await given.again()
    const [appended] = await appendAll(second, [givenEntry(3)])

    assert.is(appended?.position, 3)
    assert.is(await given.store.cursor(), givenEntry(3).streamId)
    const verified = await given.store.verify()
    assert.ok(verified.ok && verified.checked === 3)
    await second.close()
  })

  test('two that append the same at once keep it once', async () => {
    await using given = await openStore()
    const second = await given.again()
    const entries = givenEntries(60)
    const batches = [0, 20, 40].map((from) => entries.slice(from, from + 20))

    const results = await Promise.all(
      [given.store, second].map(async (store) => {
        const appended = []
        for (const batch of batches) appended.push(...(await appendAll(store, batch)))
        return appended
      }),
    )

    assert.equal(
      positionsOf(results.flat()).toSorted((a, b) => a - b),
      entries.map((_, index) => index + 1),
    )
    assert.equal(
      (await given.store.after(0, 100)).map(({ event }) => event.id),
      entries.map(({ event }) => event.id),
    )
    assert.ok((await given.store.verify()).ok)
    await second.close()
  })

  test('one who watches is told, until they stop', async () => {
    await using given = await openStore()
    const { store } = given
    let told = deferred<void>()
    const stop = store.watch(() => told.resolve())

    await appendAll(store, [givenEntry(1)])
    await told.promise

    stop()
    told = deferred<void>()
    const another = deferred<void>()
    store.watch(() => another.resolve())
    await appendAll(store, [givenEntry(2)])
    await another.promise
    assert.equal(positionsOf(await store.after(1, 5)), [2])
  })

  test('each log has a secret of its own, which whoever opens it gets', async () => {
    await using given = await openStore()
    await using other = await openStore()
    const again = await given.again()

    assert.is(await again.secret(), await given.store.secret())
    assert.is.not(await other.store.secret(), await given.store.secret())
    assert.match(await given.store.secret(), /^[0-9a-f-]{64,}$/)
    await again.close()
  })

  test('after it is closed everything is refused', async () => {
    await using given = await openStore()
    const store = await given.again()
    await store.close()
    await store.close()

    const refused = await store.cursor().catch((error: unknown) => error)
    assert.ok(refused instanceof Error && 'code' in refused)
    assert.is(Object(refused).code, 'LOG_STORE_FAILED')
  })
}
