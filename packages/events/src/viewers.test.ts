import { keysOf } from '@curfew/contract'
import { eventually, freshNamespace, givenSession, memoryInUse, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEntry } from './log-entries.js'
import { follow } from './testing/follow.js'
import { givenAdmin, logIdsOf } from './testing/given-admin.js'
import { givenFact, type StartedEvents, startEvents } from './testing/given-events.js'
import { givenStore } from './testing/given-store.js'

const test = suite('events: viewers under load')

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
  await using world = await givenAdmin()
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
  const owed = memoryInUse().arrayBuffers
  assert.ok(owed < 16_000_000, `${owed} bytes wait for somebody`)

  assert.equal(await idsUntil(written.at(-1) ?? '', slow), written)
  controller.abort()
})

test.run()

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
