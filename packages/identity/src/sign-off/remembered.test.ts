import { keysOf } from '@curfew/contract'
import type { GuardStats, SignOffHeard } from '@curfew/guard'
import { eventually, openHistory, startRedis, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rememberSignOffs } from './remembered.js'

const test = suite('identity: what it remembers')

const BLOCK = JSON.stringify({ at: 1, by: 'the-admin', reason: null })

test('after memory was emptied it knows of nothing until the history that is followed has said who is blocked', async () => {
  await using world = await givenMemory()
  await world.block('mallory')
  assert.is(world.remembered.upTo, null)

  await world.hear('everything')
  await world.informed()

  assert.equal(world.remembered.upTo, { history: world.history, sequence: 7, since: 7 })
  assert.equal([...world.remembered.blocked.keys()], ['mallory'])
  const next = world.signOffOf('grace', 8)
  await world.hear(next)
  assert.is(world.remembered.upTo?.sequence, 8)
})

test('thousands who are blocked are read page by page', async () => {
  await using world = await givenMemory()
  for (let i = 0; i < 1_000; i++) await world.block(`mallory-${i}`)

  await world.hear('everything')
  await world.informed()

  assert.is(world.remembered.blocked.size, 1_000)
  assert.ok((await world.count('sscan')) > 5)
})

// found 2026-11-26 by the model: "restored, a block"
test('a list from before memory was emptied is not believed after it', async () => {
  await using world = await givenMemory()
  const reading = await world.beginReading()

  await world.redis.hdel(world.keys.history, 'opened')
  await world.hear('everything')
  world.proxy.pass('answers')
  await reading.over
  assert.is(world.remembered.upTo, null)

  await openHistory(world.redis, world.namespace)
  await world.informed()
  assert.is(world.remembered.upTo?.history, world.history)
})

test('who is blocked, or unblocked, while the list is being read is so afterwards', async () => {
  await using world = await givenMemory()
  await world.block('mallory')
  const reading = await world.beginReading()

  await world.block('eve')
  const hearing = world.hear(world.signOffOf('eve', 8))
  world.remembered.forget('mallory', 2)
  world.proxy.pass('answers')
  await reading.over
  await hearing

  assert.equal([...world.remembered.blocked.keys()], ['eve'])
})

// found 2026-11-26: in the same turn of the event loop in which a later block was heard, that was forgotten with the first
test('lifting a block makes it forget no later one', async () => {
  await using world = await givenMemory()
  await world.block('mallory')
  await world.hear('everything')
  await world.informed()

  await world.block('mallory', 3)
  const hearing = world.hear(world.signOffOf('mallory', 8, 3))
  world.remembered.forget('mallory', 2)
  await hearing
  world.remembered.forget('mallory', 2)
  assert.is(world.remembered.blocked.get('mallory')?.['generation'], '3')

  world.remembered.forget('mallory', 3)
  assert.is(world.remembered.blocked.size, 0)
})

test('a block that is lifted while its user is being read is not remembered', async () => {
  await using world = await givenMemory()
  await world.hear('everything')
  await world.informed()
  await world.block('mallory')

  world.proxy.hold('answers')
  const hearing = world.hear(world.signOffOf('mallory', 8))
  await eventually(async () => (await world.count('hgetall')) > 0)
  world.remembered.forget('mallory', 2)
  world.proxy.pass('answers')
  await hearing

  assert.is(world.remembered.blocked.size, 0)
})

test('a Redis that is not open, or has another history, makes it forget nobody', async () => {
  await using world = await givenMemory()
  await world.block('mallory')
  await world.hear('everything')
  await world.informed()

  await world.redis.del(world.keys.blocked)
  await world.redis.hdel(world.keys.history, 'opened')
  await world.remembered.refresh()
  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await openHistory(world.redis, world.namespace)
  await world.remembered.refresh()

  assert.equal([...world.remembered.blocked.keys()], ['mallory'])
})

// found 2026-11-26: it stayed remembered for up to a minute, and came back with a Redis that was emptied in that time
test('a block that was lifted before it was heard of is not remembered', async () => {
  await using world = await givenMemory()
  await world.hear('everything')
  await world.informed()
  await world.redis.hset(world.keys.user('mallory'), 'generation', 2)

  await world.hear(world.signOffOf('mallory', 8))

  assert.is(world.remembered.blocked.size, 0)
})

// found 2026-11-26: a Redis that was restored from before the block made us forget it, while it was not followed yet
test('a row from before the block says nothing of the block', async () => {
  await using world = await givenMemory()
  await world.redis.hset(world.keys.user('mallory'), 'generation', 1)

  await world.hear(world.signOffOf('mallory', 8))

  assert.equal([...world.remembered.blocked.keys()], ['mallory'])
})

// found 2026-11-26: two lists that took longer than the pause between two tries overtook each other for ever
test('memory that is emptied while the list is being read is informed all the same', async () => {
  await using world = await givenMemory()
  await world.blockMany(20_000)

  await world.hear('everything')
  await eventually(async () => (await world.count('sscan')) > 20)
  await world.hear('everything')
  await eventually(async () => (await world.count('sscan')) > 40)
  await world.hear('everything')
  await world.informed()

  assert.is(world.remembered.blocked.size, 20_000)
})

test.run()

/** A memory whose guard is the test, on a Redis of its own whose answers can be held up. */
async function givenMemory() {
  const server = await startRedis()
  const proxy = await startRedisProxy(server.url)
  const namespace = 'curfew'
  const keys = keysOf(namespace)
  const redis = new Redis(server.url)
  const behindProxy = new Redis(proxy.url)
  const history = await openHistory(redis, namespace)
  const hooks: Array<(signOff: SignOffHeard) => unknown> = []
  const stats: Pick<GuardStats, 'history' | 'sequence'> = { history, sequence: 7 }
  const errors: unknown[] = []
  const remembered = rememberSignOffs({
    redis: behindProxy,
    keys,
    guard: {
      onSignOff(hook) {
        hooks.push(hook)
        return () => false
      },
      stats: () => stats,
    },
    onError: (error) => errors.push(error),
  })

  return {
    namespace,
    keys,
    redis,
    proxy,
    history,
    remembered,
    signOffOf: (userId: string, sequence: number, generation = 2): SignOffHeard => ({
      sequence,
      target: { kind: 'user', userId, generation },
      reason: 'blocked',
      eventId: `e${sequence}`,
    }),
    hear: async (signOff: SignOffHeard) => void (await Promise.all(hooks.map((hook) => hook(signOff)))),
    async block(id: string, generation = 2) {
      await redis.hset(keys.user(id), { generation, blocked: BLOCK })
      await redis.sadd(keys.blocked, id)
    },
    async blockMany(count: number) {
      const pipeline = redis.pipeline()
      for (let i = 0; i < count; i++) {
        pipeline
          .hset(keys.user(`mallory-${i}`), { generation: 2, blocked: BLOCK })
          .sadd(keys.blocked, `mallory-${i}`)
      }
      await pipeline.exec()
    },
    informed: () => eventually(() => remembered.upTo !== null, { within: 15_000 }),
    /** Redis has answered, and the answer is on its way. */
    async beginReading() {
      // From now on Redis knows the script, so that reading a page is one command.
      await remembered.refresh()
      proxy.hold('answers')
      const over = remembered.refresh()
      await eventually(async () => (await count('sscan')) === 2)
      return { over }
    },
    count,
    async [Symbol.asyncDispose]() {
      proxy.pass('answers')
      remembered.close()
      redis.disconnect()
      behindProxy.disconnect()
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }

  /** How often Redis has run a command. */
  async function count(command: string): Promise<number> {
    const stats = await redis.info('commandstats')
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  }
}
