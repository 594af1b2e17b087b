import { keysOf } from '@curfew/contract'
import { deferred, eventually, freshNamespace, type RedisServer, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLiveLog, type Viewer } from './live-log.js'
import { createLogReader } from './log-reader.js'
import { givenFact } from './testing/given-events.js'

const test = suite('events: live log')

/** A live log on a Redis of its own, which the test may stop. */
async function open() {
  const server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const key = keysOf(namespace).log
  const redis = connect(server)
  const reader = createLogReader({ redis, key })
  const live = createLiveLog({
    redisUrl: server.url,
    key,
    reader,
    onUnreadable: () => undefined,
    onError: () => undefined,
  })
  return {
    server,
    redis,
    key,
    reader,
    live,
    fact: () => givenFact(redis, namespace),
    async [Symbol.asyncDispose]() {
      live.close()
      redis.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Waits for Redis instead of failing: the test's own hand is not what is tested. */
function connect({ url }: RedisServer): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  redis.on('error', () => undefined) // the test stops Redis on purpose
  return redis
}

/** Keeps what it is handed. */
function recorder(changes: Partial<Viewer> = {}) {
  const seen: string[] = []
  const live = deferred()
  const ended = deferred()
  const viewer: Viewer = {
    deliver: ({ event }) => seen.push(event.id) > 0,
    room: () => undefined,
    onLive: () => live.resolve(),
    onEnd: () => ended.resolve(),
    ...changes,
  }
  return { viewer, seen, live: live.promise, ended: ended.promise }
}

test('replays what is there, then goes on with what comes', async () => {
  await using log = await open()
  const early: string[] = []
  for (let i = 0; i < 250; i++) early.push((await log.fact()).id)
  const one = recorder()

  log.live.watch('0-0', one.viewer)
  await one.live
  const late = await log.fact()

  await eventually(() => one.seen.at(-1) === late.id)
  assert.equal(one.seen, [...early, late.id])
})

test('viewers who join while entries pour in see each once, in order', async () => {
  await using log = await open()
  const written: string[] = []
  const viewers: ReturnType<typeof recorder>[] = []
  for (let i = 0; i < 1_000; i++) {
    written.push((await log.fact()).id)
    if (i % 50 === 0) {
      const one = recorder()
      viewers.push(one)
      log.live.watch('0-0', one.viewer)
    }
  }

  for (const { seen } of viewers) {
    await eventually(() => seen.length >= written.length)
    assert.equal(seen, written)
  }
})

test('Redis is restarted, and killed: the viewers lose nothing and hear nothing twice', async () => {
  await using log = await open()
  const one = recorder()
  log.live.watch('0-0', one.viewer)
  await one.live
  const written = [(await log.fact()).id]

  await log.server.restart()
  for (let i = 0; i < 20; i++) written.push((await log.fact()).id)
  await log.server.kill()
  await log.server.restart()
  for (let i = 0; i < 20; i++) written.push((await log.fact()).id)

  await eventually(() => one.seen.length >= written.length)
  assert.equal(one.seen, written)
})

test('a log that Redis lost ends every watch, since no place in it means anything now', async () => {
  await using log = await open()
  await log.fact()
  const one = recorder()
  log.live.watch('0-0', one.viewer)
  await one.live

  await log.redis.del(log.key)
  await log.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await one.ended

  const { id } = await log.fact()
  const other = recorder()
  log.live.watch('0-0', other.viewer)
  await eventually(() => other.seen.length > 0)
  assert.equal(other.seen, [id])
})

test('a viewer that can take no more, and one that throws, are dropped; the others go on', async () => {
  await using log = await open()
  const full = recorder({ deliver: () => false })
  const broken = recorder({
    deliver: () => {
      throw new Error('the socket is gone')
    },
  })
  const fine = recorder()
  for (const { viewer } of [full, broken, fine]) log.live.watch('0-0', viewer)
  await Promise.all([full.live, broken.live, fine.live])

  await log.fact()
  await log.fact()

  await eventually(() => fine.seen.length === 2)
  await broken.ended
  assert.is(log.live.viewers, 1)
})

test('a replay waits for its viewer to read, and nobody else does', async () => {
  await using log = await open()
  for (let i = 0; i < 250; i++) await log.fact()
  const reading = deferred()
  const slow = recorder({ room: () => reading.promise })
  const fast = recorder()

  log.live.watch('0-0', slow.viewer)
  log.live.watch('0-0', fast.viewer)
  await fast.live
  await log.fact()

  await eventually(() => fast.seen.length === 251)
  assert.is(slow.seen.length, 1)
  reading.resolve()
  await eventually(() => slow.seen.length === 251)
  assert.equal(slow.seen, fast.seen)
})

test('all viewers share one connection', async () => {
  await using log = await open()
  const viewers = Array.from({ length: 20 }, () => recorder())
  for (const { viewer } of viewers) log.live.watch('0-0', viewer)
  await Promise.all(viewers.map(({ live }) => live))

  const clients = String(await log.redis.client('LIST'))
  assert.is(clients.split('name=events-listener').length - 1, 1)
})

test.run()
