import { keysOf } from '@curfew/contract'
import { freshNamespace, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BEFORE_THE_FIRST, decodeCursor, encodeCursor, LAST_POSSIBLE } from './log-entries.js'
import { createLogReader, type LogReader } from './log-reader.js'
import { givenFact } from './testing/given-events.js'

const test = suite('events: log reader')

async function open() {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const key = keysOf(namespace).log
  return {
    redis,
    key,
    reader: createLogReader({ redis, key }),
    given: async (count: number, fact = {}) => {
      const ids: string[] = []
      for (let i = 0; i < count; i++) ids.push((await givenFact(redis, namespace, fact)).id)
      return ids
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

async function readAll(reader: LogReader, limit: number, filter = {}, between = async () => {}) {
  const pages: string[][] = []
  let before: string | undefined
  for (;;) {
    const { events, next } = await reader.page({ filter, limit, before })
    pages.push(events.map(({ id }) => id))
    if (next === null) return pages
    before = decodeCursor(next, 'next')
    await between()
  }
}

test('an empty log is one empty page', async () => {
  await using log = await open()

  assert.equal(await log.reader.page({ filter: {}, limit: 5 }), {
    events: [],
    next: null,
    position: encodeCursor('0-0'),
  })
})

test('after the last place there can be, and before the first, is an empty page', async () => {
  await using log = await open()
  await log.given(1)
  const edges = { after: LAST_POSSIBLE, before: BEFORE_THE_FIRST }

  for (const [name, edge] of Object.entries(edges)) {
    const page = await log.reader.page({ filter: {}, limit: 5, [name]: edge })
    assert.equal(page, { events: [], next: null, position: encodeCursor(edge) }, name)
  }
})

test('newest first, and the last page says that it is the last', async () => {
  await using log = await open()
  const ids = await log.given(6)

  const pages = await readAll(log.reader, 3)

  assert.equal(pages, [ids.slice(3).reverse(), ids.slice(0, 3).reverse()])
})

test('events that come in while somebody turns pages move nothing', async () => {
  await using log = await open()
  const ids = await log.given(10)

  const pages = await readAll(log.reader, 3, {}, async () => {
    await log.given(4)
  })

  assert.equal(pages.flat(), ids.reverse())
})

test('a filter finds what is rare, page by page', async () => {
  await using log = await open()
  const rare: string[] = []
  for (let i = 0; i < 4; i++) {
    await log.given(300)
    rare.push(...(await log.given(1, { type: 'user.blocked' })))
  }

  const pages = await readAll(log.reader, 3, { types: ['user.*'] })

  assert.equal(pages, [rare.slice(1).reverse(), rare.slice(0, 1)])
})

test('work is bounded: a page that found nothing says where to go on', async () => {
  await using log = await open()
  const [oldest] = await log.given(1, { type: 'user.blocked' })
  await log.given(25)
  const reader = createLogReader({ redis: log.redis, key: log.key, mostScanned: 10 })

  const pages = await readAll(reader, 5, { types: ['user.blocked'] })

  assert.equal(pages, [[], [], [oldest]])
})

test('after: only what is newer', async () => {
  await using log = await open()
  await log.given(3)
  const { last } = (await log.reader.ends()) ?? { last: '' }
  const newer = await log.given(2)

  const { events, next } = await log.reader.page({ filter: {}, limit: 5, after: last })

  assert.equal([events.map(({ id }) => id), next], [newer.reverse(), null])
})

test('from: older entries are not even looked at', async () => {
  await using log = await open()
  for (let i = 1; i <= 50; i++) await log.redis.xadd(log.key, `${i}-0`, 'event', '{}')
  const [recent] = await log.given(1)
  const reader = createLogReader({ redis: log.redis, key: log.key, mostScanned: 10 })

  const { events, next } = await reader.page({ filter: { from: Date.now() - 60_000 }, limit: 5 })

  assert.equal([events.map(({ id }) => id), next], [[recent], null])
})

test('a page says where the log ended, also when nothing fits', async () => {
  await using log = await open()
  await log.given(3)
  const { last } = (await log.reader.ends()) ?? { last: '' }

  const { position } = await log.reader.page({ filter: { types: ['user.*'] }, limit: 5 })

  assert.is(decodeCursor(position, 'position'), last)
})

test('an entry that is no event is passed over', async () => {
  await using log = await open()
  const [first] = await log.given(1)
  await log.redis.xadd(log.key, '*', 'event', '{"type":"from the future"}')
  const [second] = await log.given(1)

  assert.equal((await readAll(log.reader, 5)).flat(), [second, first])
})

test.run()
