import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keysOf, parseEvent } from '@curfew/contract'
import {
  type ApiAnswer,
  type Browser,
  eventually,
  freshNamespace,
  givenSession,
  openRedis,
  type ServerSentEvent,
  signOff,
  startRedis,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeCursor, LAST_POSSIBLE } from './cursors.js'
import { parseEntry } from './log-entries.js'
import { follow } from './testing/follow.js'
import {
  browserOf,
  givenFact,
  type StartedEvents,
  type StartOptions,
  startEvents,
} from './testing/given-events.js'
import { givenStore } from './testing/given-store.js'

const test = suite('events: app')

/** The service with an admin who is signed in. */
async function open(options: Omit<StartOptions, 'namespace'> = {}) {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', name: 'Ada Admin', roles: ['admin'] })
  const events = await startEvents({ namespace, ...options })
  const browser = await browserOf(events, session)
  return {
    redis,
    namespace,
    session,
    events,
    browser,
    fact: (fact = {}) => givenFact(redis, namespace, fact),
    /** Until so many events are kept. */
    kept: (count: number) => eventually(async () => (await events.store.size()).entries >= count),
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

const idsOf = ({ text }: ApiAnswer) => JSON.parse(text).events.map(({ id }: { id: string }) => id)

const logIdsOf = (events: readonly ServerSentEvent[]) =>
  events.filter(({ event }) => event === 'log').map(({ data }) => String(JSON.parse(data).id))

test('GET /events answers a page, and its cursor the next one', async () => {
  await using world = await open()
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await world.fact({ sequence: i + 1 })).id)
  await world.kept(5)

  const first = await world.browser.fetchApi('/events?limit=3')
  const { events, next } = JSON.parse(first.text)
  const second = await world.browser.fetchApi(`/events?limit=3&before=${next}`)

  assert.is(first.status, 200)
  assert.is(first.headers.get('cache-control'), 'no-store')
  assert.equal(
    events.map(({ sequence }: { sequence: number }) => sequence),
    [5, 4, 3],
  )
  assert.equal([...idsOf(first), ...idsOf(second)], ids.reverse())
})

test('GET /events at either end of all cursors is an empty page', async () => {
  await using world = await open()
  await world.fact()

  for (const query of [`after=${encodeCursor(LAST_POSSIBLE)}`, `before=${encodeCursor(0)}`]) {
    const answer = await world.browser.fetchApi(`/events?${query}`)
    assert.is(answer.status, 200, query)
    assert.equal(idsOf(answer), [])
  }
})

test('filters are query parameters, for the page and for the stream', async () => {
  await using world = await open()
  await using stream = await world.browser.stream('/events/stream?type=user.*&text=laptop')
  await stream.find(({ event }) => event === 'ready')
  await world.fact()
  const wanted = await world.fact({ type: 'user.blocked', data: { reason: 'Lost laptop' } })
  await world.fact({ type: 'user.blocked' })
  const alsoWanted = await world.fact({ type: 'user.unblocked', data: { reason: 'Found the laptop' } })

  await stream.find(({ data }) => data.includes(alsoWanted.id))
  const page = await world.browser.fetchApi('/events?type=user.*&text=laptop')

  assert.equal(idsOf(page), [alsoWanted.id, wanted.id])
  assert.equal(logIdsOf(stream.events), [wanted.id, alsoWanted.id])
})

test('a stream begins with what happens from now on', async () => {
  await using world = await open()
  await world.fact()
  await world.kept(1)
  await using stream = await world.browser.stream('/events/stream')
  await stream.find(({ event }) => event === 'ready')

  const { id } = await world.fact({ sequence: 9 })
  const message = await stream.find(({ event }) => event === 'log')

  assert.match(stream.headers.get('content-type') ?? '', 'text/event-stream')
  assert.is(JSON.parse(message.data).id, id)
  assert.is(JSON.parse(message.data).sequence, 9)
  assert.equal(logIdsOf(stream.events), [id])
})

test('a viewer that lost its connection before anything happened goes on from there', async () => {
  await using world = await open()
  const stream = await world.browser.stream('/events/stream')
  const { id: lastEventId } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  const missed = await world.fact()

  await using again = await world.browser.stream('/events/stream', { lastEventId })
  await again.find(({ event }) => event === 'ready')

  assert.equal(logIdsOf(again.events), [missed.id])
})

test('since: begins after a cursor; last_event_id does the same for those who can send no header', async () => {
  await using world = await open()
  const stream = await world.browser.stream('/events/stream')
  const { id: cursor } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  const { id } = await world.fact()

  for (const name of ['since', 'last_event_id']) {
    await using again = await world.browser.stream(`/events/stream?${name}=${cursor}`)
    await again.find(({ event }) => event === 'ready')
    assert.equal(logIdsOf(again.events), [id])
  }
})

test('who comes back after the log forgot some of it is told', async () => {
  await using world = await open()
  await world.fact()
  await world.kept(1)
  const stream = await world.browser.stream('/events/stream')
  const { id: lastEventId } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  await world.fact()
  const { id } = await world.fact()
  await world.kept(3)
  await world.events.store.prune({ mostEntries: 1 })

  await using again = await world.browser.stream('/events/stream', { lastEventId })
  await again.find(({ event }) => event === 'ready')

  assert.is(again.events[1]?.event, 'gap')
  assert.equal(logIdsOf(again.events), [id])
})

test('nothing lost, nothing twice: viewers, the service and Redis go and come back under steady writing', async () => {
  await using server = await startRedis({ appendonly: true })
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  redis.on('error', () => undefined) // the test stops Redis on purpose
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { roles: ['admin'] })
  await using kept = await givenStore()
  await kept.store.close()
  const start = () => startEvents({ namespace, redisUrl: server.url, storeFile: kept.file })
  let events: StartedEvents = await start()
  const viewers = Array.from({ length: 4 }, () => follow(() => events.url, session))
  await eventually(() => viewers.every(({ connections }) => connections === 1))

  let count = 0
  let writing = true
  const writer = (async () => {
    for (; writing; count++) await givenFact(redis, namespace)
  })()
  const whenWritten = (wanted: number) => eventually(() => count >= wanted, { within: 20_000 })

  for (const viewer of viewers.slice(0, 2)) viewer.drop()
  await whenWritten(200)
  await events[Symbol.asyncDispose]()
  await whenWritten(400)
  events = await start()
  await whenWritten(600)
  for (const viewer of viewers.slice(1, 3)) viewer.drop()
  await server.restart()
  await whenWritten(800)
  viewers[3]?.drop()
  await whenWritten(1_000)
  writing = false
  await writer

  // The log itself: a write whose answer was lost is written again by this test's client, and kept once.
  const entries = await redis.xrange(keysOf(namespace).log, '-', '+')
  const written = [...new Set(entries.map((entry) => parseEntry(entry)?.event.id))]
  for (const viewer of viewers) {
    await eventually(() => viewer.seen.at(-1) === written.at(-1), { within: 20_000 })
    assert.equal(viewer.seen, written)
    assert.ok(viewer.connections >= 2)
    await viewer.stop()
  }
  await events[Symbol.asyncDispose]()
  redis.disconnect()
})

test('a viewer that does not read holds nobody up, is owed little, and gets the rest when it reads', async () => {
  await using world = await open()
  await using fast = await world.browser.stream('/events/stream')
  const controller = new AbortController()
  await fast.find(({ event }) => event === 'ready')
  const slow = await fetch(`${world.events.url}/events/stream`, {
    headers: { Cookie: world.session.cookie },
    signal: controller.signal,
  })

  const written: string[] = []
  const note = 'x'.repeat(20_000)
  for (let i = 0; i < 800; i++) written.push((await world.fact({ data: { note } })).id)
  await eventually(() => logIdsOf(fast.events).length === written.length, { within: 20_000 })
  assert.equal(logIdsOf(fast.events), written)
  const owed = bytesInBuffers()
  assert.ok(owed < 16_000_000, `${owed} bytes wait for somebody`)

  assert.equal(await idsUntil(written.at(-1) ?? '', slow), written)
  controller.abort()
})

/** Without what nobody needs any more. */
function bytesInBuffers(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new TypeError('no garbage collector')
  collect()
  // Buffers are swept beside us, on a thread that a busy machine may not have run yet: the next collection waits for it.
  collect()
  return process.memoryUsage().arrayBuffers
}

/** The events of a stream up to this one. */
async function idsUntil(last: string, { body }: Response): Promise<string[]> {
  const ids: string[] = []
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const [, data] = /^event: log\n(?:.*\n)*?data: (.*)/m.exec(message) ?? []
      if (data !== undefined) ids.push(JSON.parse(data).id)
    }
    if (ids.at(-1) === last) break
  }
  return ids
}

test('an export has everything that fits, newest first, as NDJSON and as CSV', async () => {
  await using world = await open()
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    ids.push((await world.fact({ type: 'user.blocked', data: { reason: `=1+${i}, "quoted"\n` } })).id)
    await world.fact()
  }
  await world.kept(6)

  const lines = await world.browser.fetchApi('/events/export?type=user.blocked')
  const table = await world.browser.fetchApi('/events/export?type=user.blocked&format=csv')
  // found 2026-11-26: it was in the log as a copy that had been taken
  const head = await world.browser.fetchApi('/events/export?format=csv', { method: 'HEAD' })

  assert.is(lines.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  assert.match(lines.headers.get('content-disposition') ?? '', 'attachment; filename="curfew-events.ndjson"')
  const events = lines.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    events.map(({ id }) => id),
    ids.toReversed(),
  )
  assert.equal(
    [head.status, head.headers.get('content-type'), head.text],
    [200, 'text/csv; charset=utf-8', ''],
  )
  assert.match(table.text, /^time,type,source,subject,/)
  assert.match(table.text, `"'=1+0, ""quoted""\n"`)
  assert.is(table.text.split('user.blocked').length - 1, 3)
  // Identity moves them into the log.
  const handedIn = await world.redis.xrange(keysOf(world.namespace).inbox('events'), '-', '+')
  const told = handedIn.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
  assert.equal(
    told.map(({ type, data }) => [type, data['format'], data['filter']]),
    [
      ['log.exported', 'ndjson', 'type=user.blocked'],
      ['log.exported', 'csv', 'type=user.blocked&format=csv'],
    ],
  )
})

test('the stream ends with the session of its viewer, and only with that', async () => {
  await using world = await open()
  const other = await givenSession(world.redis, world.namespace, { user: 'root', roles: ['admin'] })
  await using browser = await browserOf(world.events, other)
  await using mine = await world.browser.stream('/events/stream')
  await using theirs = await browser.stream('/events/stream')
  await mine.find(({ event }) => event === 'ready')
  await theirs.find(({ event }) => event === 'ready')

  await signOff(world.redis, world.namespace, { session: world.session.record })
  await eventually(() => mine.ended)

  const { id } = await world.fact()
  await theirs.find(({ data }) => data.includes(id))
  assert.not(theirs.ended)
  assert.is((await world.browser.fetchApi('/events/stream')).status, 401)
})

test('without a session: 401 for a program, the sign-in page and back for a person', async () => {
  await using world = await open()
  const { url } = world.events
  for (const path of ['/events', '/events/stream', '/console']) {
    const answer = await fetch(`${url}${path}`, { headers: { Accept: 'application/json' } })
    assert.is(answer.status, 401)
    assert.is(answer.headers.get('content-type'), 'application/problem+json')
    assert.is(JSON.parse(await answer.text()).code, 'session-required')
  }

  await using stranger = await browserOf(world.events, { cookie: 'curfew=garbage' })
  const page = await stranger.get('/console?area=users', { follow: () => false })
  assert.is(page.location?.href, 'http://localhost:4000/auth/login?return_to=%2Fconsole%3Farea%3Dusers')
})

test('not an admin: 403, as a problem or as a readable page', async () => {
  await using world = await open()
  const editor = await givenSession(world.redis, world.namespace, {
    user: 'edda',
    name: 'Edda',
    roles: ['editor'],
  })
  await using browser = await browserOf(world.events, editor)

  for (const path of ['/events', '/events/stream']) {
    const answer = await browser.fetchApi(path)
    assert.is(answer.status, 403)
    assert.is(JSON.parse(answer.text).code, 'forbidden')
  }
  const page = await browser.get('/console')
  assert.is(page.status, 403)
  assert.match(page.text, 'role admin')
})

test('wrong input is 422 and names what is wrong', async () => {
  await using world = await open()
  const wrong: [path: string, name: string, headers?: Record<string, string>][] = [
    ['/events?before=garbage', 'before'],
    ['/events?type=session', 'type'],
    ['/events?limit=1000', 'limit'],
    ['/events/stream?since=garbage', 'since'],
    ['/events/stream', 'Last-Event-ID', { 'Last-Event-ID': 'garbage' }],
    ['/events/stream?colour=red', 'colour'],
  ]
  for (const [path, name, headers = {}] of wrong) {
    const answer = await world.browser.fetchApi(path, { headers })
    assert.is(answer.status, 422, path)
    assert.is(JSON.parse(answer.text).code, 'invalid-input')
    assert.match(JSON.parse(answer.text).detail, name)
  }
})

test('a person who opens /events or / is led to the console, which has a strict policy', async () => {
  await using world = await open()

  for (const path of ['/', '/events']) assert.is((await world.browser.get(path)).url.pathname, '/console')
  const { page } = world.browser
  assert.is(page?.status, 200)
  assert.match(page?.headers.get('content-security-policy') ?? '', "script-src 'self'")
  assert.not.match(page?.text ?? '', /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
})

test('everything that the console names is served', async () => {
  await using world = await open()
  const page = await world.browser.get('/console')

  const queue = [...page.text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(
    ([, path]) => path ?? '',
  )
  assert.ok(queue.length >= 3)
  const seen = new Set<string>()
  for (const path of queue) {
    if (seen.has(path)) continue
    seen.add(path)
    const answer = await world.browser.fetchApi(path)
    assert.is(answer.status, 200, path)
    for (const [, module] of answer.text.matchAll(/\bfrom ['"](\.\/[^'"]+)['"]/g)) {
      queue.push(new URL(module ?? '', `http://x${path}`).pathname)
    }
  }
})

test('Redis away: what was kept is read for a lease, then 503 and try again, and the instance says that it is not ready', async () => {
  await using server = await startRedis({ appendonly: true })
  const redis = new Redis(server.url, { retryStrategy: () => 20 })
  redis.on('error', () => undefined) // the test stops Redis on purpose
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { roles: ['admin'] })
  await using events = await startEvents({ namespace, redisUrl: server.url })
  await using browser: Browser = await browserOf(events, session)
  assert.is((await browser.fetchApi('/events')).status, 200)
  assert.is((await browser.fetchApi('/readyz')).status, 200)

  await server.stop()

  // Who is signed in is known for a lease, and what was kept is not in Redis.
  assert.is((await browser.fetchApi('/events')).status, 200)
  await eventually(async () => (await browser.fetchApi('/events')).status === 503, { within: 10_000 })
  for (const path of ['/events', '/events/stream']) {
    const answer = await browser.fetchApi(path)
    assert.is(answer.status, 503)
    assert.is(answer.headers.get('retry-after'), '2')
    assert.is(JSON.parse(answer.text).code, 'store-unavailable')
  }
  assert.is((await browser.fetchApi('/readyz')).status, 503)
  assert.is((await browser.fetchApi('/healthz')).status, 200)

  await server.restart()
  await eventually(async () => (await browser.fetchApi('/events')).status === 200)
  redis.disconnect()
})

test('without a lease it is not ready, and says so', async () => {
  await using world = await open()
  assert.match((await world.browser.fetchApi('/metrics')).text, 'curfew_guard_following{service="events"} 1')

  await world.events.guard.close()

  const answer = await world.browser.fetchApi('/readyz')
  assert.is(answer.status, 503)
  assert.match(answer.text, 'The guard has no lease')
})

test('metrics say how the log is kept', async () => {
  await using world = await open()
  await world.fact()
  await world.fact()
  await world.kept(2)
  const metrics = async () => (await world.browser.fetchApi('/metrics')).text
  await eventually(async () => (await metrics()).includes('curfew_log_lag_entries{service="events"} 0'))

  const text = await metrics()
  for (const line of [
    'curfew_log_keeping{service="events"} 1',
    'curfew_log_lag_seconds{service="events"} 0',
    'curfew_log_kept_total{service="events"} 2',
    'curfew_log_gaps_total{service="events"} 0',
    'curfew_log_unreadable_total{service="events"} 0',
  ])
    assert.match(text, line)
})

test('an unknown address and an unknown method', async () => {
  await using world = await open()

  assert.is((await world.browser.fetchApi('/events/nothing')).status, 404)
  const answer = await world.browser.fetchApi('/events', { method: 'DELETE' })
  assert.is(answer.status, 405)
  assert.is(answer.headers.get('allow'), 'HEAD, GET')
})

test.run()
