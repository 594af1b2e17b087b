import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from './eventually.js'
import { startRedis } from './redis-server.js'

const test = suite('testing: redis-server')

test('with appendonly, what was written survives a kill', async () => {
  await using server = await startRedis({ appendonly: true })
  await write(server.url, 'kept')

  await server.kill()
  await server.restart()

  assert.is(await read(server.url), 'kept')
})

test('without, it is gone', async () => {
  await using server = await startRedis()
  await write(server.url, 'lost')

  await server.restart()

  assert.is(await read(server.url), null)
})

test('a paused one answers nothing until it resumes', async () => {
  await using server = await startRedis()
  const redis = new Redis(server.url)
  await redis.ping()

  server.pause()
  let answered = false
  const answer = redis.ping().then(() => {
    answered = true
  })
  const early = await eventually(() => answered, { within: 100 }).then(() => 'answered', String)
  server.resume()
  await answer
  await redis.quit()

  assert.match(early, 'not within 100 ms')
})

test('a paused one can be stopped', async () => {
  await using server = await startRedis()
  server.pause()

  await server.stop()
})

test('a port in use is said in words', async () => {
  await using server = await startRedis()

  const refusal = await startRedis({ port: server.port }).then(() => 'started', String)

  assert.match(refusal, 'Address already in use')
})

test.run()

async function write(url: string, value: string): Promise<void> {
  const redis = new Redis(url)
  await redis.set('key', value)
  await redis.quit()
}

async function read(url: string): Promise<string | null> {
  const redis = new Redis(url)
  const value = await redis.get('key')
  await redis.quit()
  return value
}
