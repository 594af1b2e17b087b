import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from './eventually.js'
import { freshNamespace, openRedis, redisUrl } from './redis.js'
import { startRedisProxy } from './redis-proxy.js'

const test = suite('testing: redis proxy')

test('an answer that is held back arrives late, to a command that was carried out', async () => {
  await using world = await given()
  let answer: string | null = null

  world.proxy.hold('answers')
  const written = world.through.set(world.key, 'there').then((reply) => {
    answer = reply
  })
  await eventually(async () => (await world.direct.get(world.key)) === 'there')
  assert.is(answer, null)

  world.proxy.pass('answers')
  await written
  assert.is(answer, 'OK')
})

test('a command that is held back is not carried out before it may pass', async () => {
  await using world = await given()

  world.proxy.hold('commands')
  const written = world.through.set(world.key, 'there')
  assert.is(await world.direct.get(world.key), null)

  world.proxy.pass('commands')
  await written
  assert.is(await world.direct.get(world.key), 'there')
})

test('messages can be lost or held back, while answers pass', async () => {
  await using world = await given()
  const heard = await world.listen()

  world.proxy.lose('messages')
  await world.direct.publish(world.key, 'lost')
  await eventually(() => world.proxy.lost === 1)
  world.proxy.pass('messages')
  world.proxy.hold('messages')
  await world.direct.publish(world.key, 'late')
  await world.through.ping()
  assert.equal(heard, [])

  world.proxy.pass('messages')
  await eventually(() => heard.length > 0)
  assert.equal(heard, ['late'])
})

test('a connection that is cut comes back', async () => {
  await using world = await given()
  await world.through.ping()

  world.proxy.cut()
  await eventually(() => world.through.status !== 'ready')

  await eventually(async () => (await world.through.ping()) === 'PONG')
})

test.run()

async function given() {
  const direct = await openRedis()
  const proxy = await startRedisProxy(await redisUrl())
  const open = () =>
    new Redis(proxy.url, { maxRetriesPerRequest: 0 }).on('error', () => 'it is cut on purpose')
  const [through, ears] = [open(), open()]
  await Promise.all([through.ping(), ears.ping()])
  const key = freshNamespace()
  return {
    direct,
    proxy,
    through,
    key,
    async listen(): Promise<string[]> {
      const heard: string[] = []
      ears.on('message', (_channel, message: string) => heard.push(message))
      await ears.subscribe(key)
      return heard
    },
    async [Symbol.asyncDispose]() {
      for (const client of [through, ears]) client.disconnect()
      await proxy[Symbol.asyncDispose]()
      await direct[Symbol.asyncDispose]()
    },
  }
}
