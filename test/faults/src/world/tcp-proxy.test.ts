import { eventually, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createTcpProxy } from './tcp-proxy.js'

const test = suite('faults: the proxy between a process and its Redis')

async function given() {
  const server = await startRedis()
  const proxy = await createTcpProxy(server.port)
  const clients: Redis[] = []
  const open = (port: number) => {
    const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 0, enableOfflineQueue: false })
    redis.on('error', () => undefined) // cut on purpose
    clients.push(redis)
    return redis
  }
  const there = open(server.port)
  const through = open(proxy.port)
  const ears = open(proxy.port)
  const heard: string[] = []
  ears.on('message', (_channel, message) => heard.push(message))
  await eventually(() => [there, through, ears].every(({ status }) => status === 'ready'))
  await ears.subscribe('bell')
  return {
    proxy,
    there,
    through,
    ears,
    heard,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect()
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('what was frozen arrives late, also when its sender has hung up', async () => {
  await using world = await given()
  world.proxy.disturb({ kinds: ['commands'], direction: 'there', freeze: true })

  const answer = world.through.set('late', 'yes').catch((error: unknown) => error)
  world.through.disconnect()
  assert.instance(await answer, Error)
  assert.is(await world.there.get('late'), null)

  world.proxy.heal()
  await eventually(async () => (await world.there.get('late')) === 'yes')
})

test('a frozen subscriber hears later, while commands go on', async () => {
  await using world = await given()
  world.proxy.disturb({ kinds: ['subscriber'], freeze: true })

  await world.there.publish('bell', 'one')
  await world.through.set('meanwhile', '1')
  assert.equal(world.heard, [])

  world.proxy.heal()
  await eventually(() => world.heard.includes('one'))
})

test('answers can be held back while commands arrive', async () => {
  await using world = await given()
  world.proxy.disturb({ kinds: ['commands'], direction: 'back', freeze: true })

  const answer = world.through.set('there', '1')
  await eventually(async () => (await world.there.get('there')) === '1')
  world.proxy.heal()
  assert.is(await answer, 'OK')
})

test('a delay keeps the order, and lasts as long as it says', async () => {
  await using world = await given()
  world.proxy.disturb({ delayMs: 60 })
  const began = performance.now()

  await Promise.all([1, 2, 3].map((number) => world.through.rpush('list', number)))

  // A timer counts from when its turn of the event loop began, which may be a little earlier.
  assert.ok(performance.now() - began >= 100, 'there and back')
  assert.equal(await world.there.lrange('list', 0, -1), ['1', '2', '3'])
})

test('a cut breaks what it is told to break, and lets them come back', async () => {
  await using world = await given()
  const closed = new Promise((resolve) => world.ears.once('close', resolve))

  assert.is(world.proxy.cut(['subscriber']), 1)
  await closed
  assert.is(world.through.status, 'ready')
  await eventually(async () => (await world.there.publish('bell', 'heard again')) === 1)
})

test('nobody gets through while connections are refused', async () => {
  await using world = await given()
  world.proxy.disturb({ refuse: true })
  world.proxy.cut()

  await eventually(() => world.through.status === 'reconnecting')
  assert.is(world.proxy.connections, 0)
  world.proxy.heal()
  await eventually(() => world.through.status === 'ready')
  await eventually(async () => (await world.there.publish('bell', 'heard again')) === 1)
})

test.run()
