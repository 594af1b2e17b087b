import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFilter, matches } from '../../event-filter.js'
import { givenEntries } from '../../testing/log-store/given-entries.js'
import { arbitraryFilter, sampleEntries } from '../../testing/log-store/sample-entries.js'
import { createAppend } from './append.js'
import { openSqlite } from './schema.js'
import { search } from './search.js'

const test = suite('events: searches in SQLite')

test('whatever leads and wherever a call stops, all that fit are found', async () => {
  await using given = await openDatabase()
  const entries = sampleEntries(500, 28)
  createAppend(given.database)({ entries, upTo: '1-0' })
  let calls = 0

  fc.assert(
    fc.property(
      arbitraryFilter,
      fc.record({
        many: fc.constantFrom(1, 8, 60),
        span: fc.constantFrom(1, 40),
        scanned: fc.constantFrom(3, 90),
        chunk: fc.constantFrom(1, 20),
      }),
      (filter, effort) => {
        const expected = entries.flatMap(({ event }, index) => (matches(filter, event) ? [index + 1] : []))
        const found: number[] = []
        for (let before: number | undefined; ; calls++) {
          const page = search(given.database, { filter, before, limit: 7 }, effort)
          found.push(...page.entries.map(({ position }) => position))
          if (page.next === null) break
          assert.ok(before === undefined || page.next < before)
          before = page.next
        }
        assert.equal(found, expected.toReversed())
      },
    ),
    { numRuns: 400, seed: 2028 },
  )
  assert.ok(calls > 1_000, `only ${calls} calls`)
})

test('a call has an end where two conditions are common and never meet', async () => {
  await using given = await openDatabase()
  const entries = givenEntries(300, (n) => ({
    source: n % 2 ? 'identity' : 'projects',
    data: { actor: n % 2 ? 'ada' : 'grace' },
  }))
  createAppend(given.database)({ entries, upTo: '1-0' })
  const effort = { many: 10, span: 100, scanned: 1_000, chunk: 50 }
  const pageOf = (filter: EventFilter, before?: number) =>
    search(given.database, { filter, before, limit: 5 }, effort)

  const never = { actor: 'ada', service: 'projects' }
  assert.equal(pageOf(never), { entries: [], next: 201 })
  assert.equal(pageOf(never, 201), { entries: [], next: 101 })
  assert.equal(pageOf(never, 101), { entries: [], next: null })
  assert.is(pageOf({ actor: 'ada', service: 'identity' }).entries.length, 5)
  // One condition alone is found by its index, wherever it is.
  assert.is(pageOf({ types: ['user.blocked'] }).next, null)
})

test.run()

async function openDatabase() {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  const database = openSqlite(join(folder, 'log.db'), true)
  return {
    database,
    async [Symbol.asyncDispose]() {
      database.close()
      await rm(folder, { recursive: true })
    },
  }
}
