import { type CurfewEvent, createEvent, EVENT_TYPES, type EventData, type EventType } from '@curfew/contract'
import { deferred } from '@curfew/testing'
import fc from 'fast-check'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFilter, matches } from '#browser/event-filter.js'
import { CHAIN_START, linkAfter } from '../store/chain.js'
import type { LogStore, StreamedEvent } from '../store/log-store.js'
import { readAll } from '../store/read-all.js'

/** A store of a test's own. */
export interface GivenStore extends AsyncDisposable {
  readonly store: LogStore
  /** Opens the same log once more, as after a restart. The first one stays open. */
  again(): Promise<LogStore>
  /** Runs SQL behind the store's back; `?` is not understood. */
  tamper(sql: string): Promise<void>
}

const START_MS = Date.parse('2027-03-01T12:00:00Z')

export interface GivenEvent {
  readonly id?: string
  readonly type?: EventType
  readonly source?: string
  readonly subject?: string | null
  readonly data?: EventData
  readonly timeMs?: number
}

/** The entry with this number, written so many seconds after the start. */
export function givenEntry(n: number, given: GivenEvent = {}): StreamedEvent & { event: CurfewEvent } {
  const { id = `event-${n}`, type = 'session.created', source = 'identity', subject = 'ada' } = given
  const { data = { actor: 'ada' }, timeMs = START_MS + n * 1_000 } = given
  const event = { ...createEvent(source, type, subject, data, new Date(timeMs)), id }
  return { streamId: `${START_MS + n * 1_000}-0`, event, json: JSON.stringify(event) }
}

export function givenEntries(count: number, given: (n: number) => GivenEvent = () => ({})) {
  return Array.from({ length: count }, (_, index) => givenEntry(index + 1, given(index + 1)))
}

/** Appends them as one batch. */
export function appendAll(store: LogStore, entries: readonly StreamedEvent[]) {
  return store.append({ entries, upTo: entries.at(-1)?.streamId ?? '0-0' })
}

const positionsOf = (entries: ReadonlyArray<{ readonly position: number }>) =>
  entries.map(({ position }) => position)

/** What every store must do, whatever it keeps the log in. */
export function logStoreContract(test: Test, openStore: () => Promise<GivenStore>): void {
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

  test('the hash is that of the documented bytes', async () => {
    await using given = await openStore()
    const { store } = given
    const [first, second] = givenEntries(2, () => ({ data: { actor: 'Ådå 🜁', reason: 'a\nb' } }))
    assert.ok(first && second)

    await appendAll(store, [first, second])

    assert.equal(await store.newest(), linkAfter(linkAfter(CHAIN_START, first), second))
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
      fc.asyncProperty(arbitraryFilter, fc.integer({ min: 5, max: 60 }), async (filter, limit) => {
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

  test('retention removes the oldest by age or by number, and the chain stays whole', async () => {
    await using given = await openStore()
    const { store } = given
    await appendAll(store, givenEntries(2_500))

    assert.is(await store.prune({}), 0)
    assert.is(await store.prune({ olderThan: START_MS + 101_000 }), 100)
    assert.is(await store.prune({ mostEntries: 300 }), 2_100)
    assert.is(await store.prune({ mostEntries: 300, olderThan: START_MS }), 0)

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
    ['it is not said where the chain begins', 'DELETE FROM state', 1, 'anchor'],
    ['it begins behind its end', 'UPDATE state SET anchor_position = 99', 1, 'anchor'],
    ['it begins later than it does', 'UPDATE state SET anchor_position = 3', 4, 'hash'],
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

  test('after the end is cut off, what is appended leaves the gap', async () => {
    await using given = await openStore()
    await appendAll(given.store, givenEntries(10))

    await given.tamper('DELETE FROM events WHERE position > 7')
    await appendAll(given.store, [givenEntry(11)])

    const verified = await given.store.verify()
    assert.equal(verified, { ok: false, checked: 7, position: 8, why: 'gap' })
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

/** Few values, so that filters find something; and some that databases stumble over. */
const word = fc.constantFrom(
  'ada',
  'grace',
  'Grace',
  'mallory',
  '',
  'ÅDA',
  '10.0.0.1',
  'a"b',
  "it's",
  '%',
  '_',
  '\\',
  'x\u0000y',
  '\ud800',
  '😀',
  'İ',
  'ΟΔΟΣ',
)

const arbitraryEvent: fc.Arbitrary<GivenEvent> = fc.record({
  type: fc.constantFrom(...EVENT_TYPES),
  source: fc.constantFrom('identity', 'projects', ''),
  subject: fc.option(word, { nil: null }),
  data: fc.record(
    {
      actor: fc.option(word, { nil: null }),
      subjectName: word,
      actorName: word,
      ref: word,
      reason: fc.constantFrom('idle', 'everywhere', 'Lost his laptop', 'x\u0000y'),
      ip: fc.constantFrom('203.0.113.7', '203.0.113.70', '2001:db8::1'),
      correlationId: word,
      name: word,
      count: fc.oneof(fc.integer(), fc.boolean(), fc.constant(null)),
    },
    { requiredKeys: ['actor'] },
  ),
})

const arbitraryText = fc
  .array(
    fc.oneof(
      word,
      fc.constantFrom(
        'session',
        'SIGNED',
        'ed',
        'e',
        '203.0.113',
        '.7',
        'ß',
        'unused for',
        'project',
        'öffnet',
        'u',
        '2027-03',
        '\udc00',
      ),
    ),
    { maxLength: 3 },
  )
  .map((words) => words.join(' '))

/** One event a minute, each up to a quarter of an hour before or after its turn. */
const MINUTE_MS = 60_000

/** Entries such as they come, the same for the same seed. */
export function sampleEntries(count: number, seed: number) {
  const jitter = fc.integer({ min: -15 * MINUTE_MS, max: 15 * MINUTE_MS })
  const sample = fc.sample(fc.tuple(arbitraryEvent, jitter), { numRuns: count, seed })
  return sample.map(([event, late], index) =>
    givenEntry(index + 1, { ...event, timeMs: START_MS + index * MINUTE_MS + late }),
  )
}

const moment = fc.integer({ min: -30, max: 530 }).map((minute) => START_MS + minute * MINUTE_MS)

const conditions = {
  types: fc.array(fc.constantFrom('session.*', 'user.*', 'token.*', 'project.*', ...EVENT_TYPES, 'none.*'), {
    maxLength: 3,
  }),
  user: word,
  ref: word,
  service: fc.constantFrom('identity', 'projects', '', 'x\u0000'),
  actor: word,
  ip: fc.constantFrom('203.0.113.7', '2001:db8::1', '203'),
  reason: fc.constantFrom('idle', 'x\u0000y', 'Lost his laptop'),
  correlationId: word,
  from: moment,
  to: moment,
  text: arbitraryText,
}

/** Few conditions at a time: with many, nothing is found and nothing is tested. */
export const arbitraryFilter: fc.Arbitrary<EventFilter> = fc
  .tuple(fc.record(conditions), fc.subarray(Object.keys(conditions), { maxLength: 3 }))
  .map(([filter, names]) =>
    Object.fromEntries(Object.entries(filter).filter(([name]) => names.includes(name))),
  )
