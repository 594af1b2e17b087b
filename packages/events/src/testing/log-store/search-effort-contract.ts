import fc from 'fast-check'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFilter, matches } from '../../event-filter.js'
import type { StorePage, StoreQuery, StreamedEvent } from '../../store/log-store.js'
import type { Effort } from '../../store/search-effort.js'
import { givenEntries } from './given-entries.js'
import { arbitraryFilter, sampleEntries } from './sample-entries.js'

export interface GivenSearch extends AsyncDisposable {
  append(entries: readonly StreamedEvent[]): Promise<unknown>
  search(query: StoreQuery, effort: Effort): Promise<StorePage>
}

/** What a search finds, and where one call of it ends, however little it may look through. */
export function searchEffortContract(test: Test, open: () => Promise<GivenSearch>): void {
  test('whatever leads and wherever a call stops, all that fit are found', async () => {
    await using given = await open()
    const entries = sampleEntries(200, 28)
    await given.append(entries)
    let calls = 0

    await fc.assert(
      fc.asyncProperty(
        arbitraryFilter,
        fc.record({
          many: fc.constantFrom(1, 8, 60),
          span: fc.constantFrom(1, 40),
          scanned: fc.constantFrom(3, 90),
          chunk: fc.constantFrom(1, 20),
        }),
        async (filter, effort) => {
          const expected = entries.flatMap(({ event }, index) => (matches(filter, event) ? [index + 1] : []))
          const found: number[] = []
          for (let before: number | undefined; ; calls++) {
            const page = await given.search({ filter, before, limit: 7 }, effort)
            found.push(...page.entries.map(({ position }) => position))
            if (page.next === null) break
            assert.ok(before === undefined || page.next < before)
            before = page.next
          }
          assert.equal(found, expected.toReversed())
        },
      ),
      { numRuns: 30, seed: 2028 },
    )
    assert.ok(calls > 100, `only ${calls} calls`)
  })

  test('a call has an end where two conditions are common and never meet', async () => {
    await using given = await open()
    const entries = givenEntries(300, (n) => ({
      source: n % 2 ? 'identity' : 'projects',
      data: { actor: n % 2 ? 'ada' : 'grace' },
    }))
    await given.append(entries)
    const effort = { many: 10, span: 100, scanned: 1_000, chunk: 50 }
    const pageOf = (filter: EventFilter, before?: number) =>
      given.search({ filter, before, limit: 5 }, effort)

    const never = { actor: 'ada', service: 'projects' }
    assert.equal(await pageOf(never), { entries: [], next: 201 })
    assert.equal(await pageOf(never, 201), { entries: [], next: 101 })
    assert.equal(await pageOf(never, 101), { entries: [], next: null })
    assert.is((await pageOf({ actor: 'ada', service: 'identity' })).entries.length, 5)
    // One condition alone is found by its index, wherever it is.
    assert.is((await pageOf({ types: ['user.blocked'] })).next, null)
  })
}
