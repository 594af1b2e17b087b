import fc from 'fast-check'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFilter, matches } from '../../event-filter.js'
import { readAll } from '../../store/read-all.js'
import { appendAll, type GivenStore, givenEntries, givenEntry, positionsOf } from './given-entries.js'
import { arbitraryFilter, sampleEntries } from './sample-entries.js'

/** What every store finds. */
export function searchContract(test: Test, openStore: () => Promise<GivenStore>): void {
  test('pages by position, whatever is appended meanwhile', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(5))

    const first = await store.page({ filter: {}, limit: 2 })
    await appendAll(store, [givenEntry(6)])
    const second = await store.page({ filter: {}, limit: 2, before: first.next ?? 0 })
    const third = await store.page({ filter: {}, limit: 2, before: second.next ?? 0 })
    const newer = await store.page({ filter: {}, limit: 10, after: 4 })

    assert.equal(
      [first, second, third, newer].map(({ entries, next }) => [positionsOf(entries), next]),
      [
        [[5, 4], 4],
        [[3, 2], 2],
        [[1], null],
        [[6, 5], null],
      ],
    )
  })

  test('rare words are found, common ones at once, short ones too', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(
      store,
      givenEntries(120, (n) => ({
        data: {
          actor: 'ada',
          actorName: 'Ada',
          note: n === 7 ? 'Ein "Zebra" im Büro 50% 用户_x' : 'nothing',
        },
      })),
    )
    const find = async (text: string) => {
      const { entries } = await store.page({ filter: { text }, limit: 3 })
      return positionsOf(entries)
    }

    assert.equal(await find('zebra'), [7])
    assert.equal(await find('BÜRO ein'), [7])
    assert.equal(await find('"zeb'), [7])
    assert.equal(await find('用户'), [7])
    assert.equal(await find('50%'), [7])
    assert.equal(await find('户_x'), [7])
    assert.equal(await find('户%x'), [])
    assert.equal(await find('ada signed'), [120, 119, 118])
    assert.equal(await find('zebra nothing'), [])
    assert.equal(await find('\\'), [])
  })

  test('values of any length are kept apart', async () => {
    await using given = await openStore()
    const { store } = given
    const long = 'x'.repeat(10_000)
    await appendAll(
      store,
      ['a', 'b'].map((end, index) =>
        givenEntry(index + 1, {
          id: `${long}${end}`,
          subject: `${long}${end}`,
          data: { actor: null, reason: `${long}${end}` },
        }),
      ),
    )
    const find = async (filter: EventFilter) => positionsOf((await store.page({ filter, limit: 5 })).entries)

    assert.equal(await find({ reason: `${long}b` }), [2])
    assert.equal(await find({ user: `${long}a` }), [1])
    assert.equal(await find({ user: long }), [])
    assert.equal(await find({ text: `${long}b` }), [2])
    assert.ok((await store.verify()).ok)
  })

  test('a page and a filter mean what they mean for an array', async () => {
    await using given = await openStore()
    const { store } = given
    const entries = sampleEntries(500, 27)
    await appendAll(store, entries)
    const kept = await store.after(0, entries.length)
    assert.is(kept.length, entries.length)
    let fitting = 0

    await fc.assert(
      fc.asyncProperty(arbitraryFilter, fc.integer({ min: 15, max: 120 }), async (filter, limit) => {
        const expected = kept.filter(({ event }) => matches(filter, event)).toReversed()
        if (expected.length > 0) fitting++

        const pages = []
        for (let before: number | undefined; ; ) {
          const { entries, next } = await store.page({ filter, before, limit })
          pages.push(...entries)
          assert.ok(entries.length <= limit)
          if (next === null) break
          before = next
        }
        assert.equal(positionsOf(pages), positionsOf(expected))
      }),
      { numRuns: 200, seed: 2027 },
    )
    assert.ok(fitting > 100, `only ${fitting} filters found anything`)
  })

  test('all that fit are read page by page', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(
      store,
      givenEntries(1_203, (n) => ({ subject: n % 3 === 0 ? 'grace' : 'ada' })),
    )
    const read = []
    for await (const { position } of readAll(store, { user: 'grace' })) read.push(position)

    assert.is(read.length, 401)
    assert.equal([read[0], read.at(-1)], [1_203, 3])
  })
}
