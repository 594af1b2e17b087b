import { eventually, freshNamespace, openRedis, startRedis } from '@curfew/testing'
import { Redis, type RedisOptions } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mayGoUnanswered, sendUnanswered } from './unanswered.js'

const test = suite('guard: commands that go unanswered')

test('it is carried out, and what is asked next gets its own answer', async () => {
  await using redis = await openRedis()
  const key = freshNamespace()
  await redis.ping()

  sendUnanswered(redis, 'set', [key, 'carried out'])
  sendUnanswered(redis, 'append', [key, ', twice'])

  assert.is(await redis.get(key), 'carried out, twice')
  assert.is(await redis.strlen(key), 18)
})

test('one that fails says nothing either', async () => {
  await using redis = await openRedis()
  await redis.ping()

  sendUnanswered(redis, 'eval', ['this is no Lua', 0])

  assert.is(await redis.ping(), 'PONG')
})

test('it may be sent on a connection that listens, which goes on listening', async () => {
  await using ears = await openRedis()
  const channel = freshNamespace()
  const heard: string[] = []
  ears.on('message', (_channel, message: string) => heard.push(message))
  await ears.subscribe(channel)

  assert.is(await mayGoUnanswered(ears), true)
  sendUnanswered(ears, 'publish', [channel, 'first'])
  assert.is(await ears.ping(), 'PONG')
  sendUnanswered(ears, 'publish', [channel, 'second'])
  await eventually(() => heard.length > 1)

  assert.equal(heard, ['first', 'second'])
})

test('it may not be sent where Redis would answer: over RESP2, without the right to, or when it is gone', async () => {
  await using server = await startRedis()
  await using redis = connect(server.url)
  await redis.acl('SETUSER', 'narrow', 'on', 'nopass', 'allchannels', 'allkeys', '+@all', '-client|reply')
  await using old = connect(server.url, { protocol: 2 })
  await using narrow = connect(server.url, { username: 'narrow', password: 'any' })
  for (const one of [old, narrow]) await one.subscribe('channel')

  assert.is(await mayGoUnanswered(old), false)
  assert.is(await mayGoUnanswered(narrow), false)
  redis.disconnect()
  assert.is(await mayGoUnanswered(redis), false)
})

test.run()

function connect(url: string, options: Omit<RedisOptions, 'replyMapping'> = {}) {
  const redis = new Redis(url, { ...options, maxRetriesPerRequest: 0 })
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() })
}
