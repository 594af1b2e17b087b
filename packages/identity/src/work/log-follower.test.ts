import { getEventListeners } from 'node:events'
import { createEvent, keysOf } from '@curfew/contract'
import { eventually, freshNamespace, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { followLog, type LogFollowerOptions, pause } from './log-follower.js'

const test = suite('identity: following the log')

// found 2026-11-21: an identity without other services paused twice a second, and kept a listener each time
test('a pause leaves nothing at the signal behind, and ends with it', async () => {
  const stopping = new AbortController()

  await pause(stopping.signal)
  assert.is(getEventListeners(stopping.signal, 'abort').length, 0)

  const paused = pause(stopping.signal)
  stopping.abort()
  const later = new Promise((resolve) => setImmediate(resolve, 'pauses'))
  const first = await Promise.race([paused.then(() => 'ended'), later])
  assert.is(first, 'ended')
  assert.is(await Promise.race([pause(stopping.signal), later]), undefined, 'nor is there one after the end')
})

// found 2026-11-27: each sign-off woke it just when the acknowledgements came
test('it is not woken by an entry: it never waits in Redis for one', async () => {
  await using world = await givenLog()
  await using _follower = world.follow(async () => {})

  await eventually(async () => (await world.readerIs()).includes(' cmd=xread '))
  assert.match(await world.readerIs(), / flags=N /)
})

// found 2026-11-21: one event that could not be handled kept back everything behind it
test('an entry that can’t be handled is tried a few times, reported and passed', async () => {
  await using world = await givenLog()
  const [bad, worse, good] = [await world.write(), await world.write(), await world.write()]
  const tried: string[] = []

  await using follower = world.follow(async ({ id }) => {
    tried.push(id)
    if (id !== good) throw new Error('Custom Id cannot contain :')
  })
  await eventually(() => tried.includes(good))

  assert.equal(tried, [bad, bad, bad, worse, worse, worse, good])
  assert.match(String(follower.errors.at(-1)), /gave up the log's entry \d+-\d+ after 3 tries/)
})

test('while Redis fails, no entry is given up', async () => {
  await using world = await givenLog()
  const [first, second] = [await world.write(), await world.write()]
  const handled: string[] = []
  let failures = 0

  await using follower = world.follow(async ({ id }) => {
    if (failures < 5) throw new Error(['Connection is closed.', 'OOM command not allowed'][failures++ % 2])
    handled.push(id)
  })
  await eventually(() => handled.length === 2, { within: 10_000 })

  assert.equal(handled, [first, second])
  assert.is(follower.errors.length, 5)
})

test.run()

async function givenLog() {
  const keys = keysOf(freshNamespace())
  const redis = await openRedis()
  const reader = await openRedis()
  const readerId = await reader.client('ID')

  return {
    readerIs: async () => String(await redis.client('LIST', 'ID', readerId)),
    /** Its id. */
    async write(): Promise<string> {
      const event = createEvent('identity', 'session.created', 'ada', { actor: 'ada' })
      await redis.xadd(keys.log, '*', 'event', JSON.stringify(event))
      return event.id
    },
    follow(handle: LogFollowerOptions['handle']) {
      const errors: unknown[] = []
      const stopping = new AbortController()
      const onError = (error: unknown) => errors.push(error)
      const following = followLog({ redis, reader, keys, consumer: 'test', handle, onError }, stopping.signal)
      return {
        errors,
        async [Symbol.asyncDispose]() {
          stopping.abort()
          reader.disconnect()
          await following
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await reader[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}
