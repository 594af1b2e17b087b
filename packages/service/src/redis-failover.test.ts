import { eventually, startSentinel } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openRedis } from './redis.js'

const test = suite('service: redis behind Sentinels')

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

// found 2026-11-26: ioredis' failover detector hung up in the middle of connecting, and that was for good
test('every connection finds the new master when the old one was killed, time and again', async () => {
  await using system = await startSentinel()
  await using connections = await open(system.url, 8)

  for (const _round of [1, 2]) {
    const from = await system.master()
    await from.kill()
    const next = await system.failedOver(from)

    await connections.allAt(next.port)
    await from.restart()
    await system.replicated()
  }
})

test('every connection finds the new master when the old one froze, and stays there when it thaws', async () => {
  await using system = await startSentinel()
  await using connections = await open(system.url, 2)
  const from = await system.master()

  from.pause()
  const next = await system.failedOver(from)
  await connections.allAt(next.port)
  from.resume()
  await system.replicated()

  await connections.allAt(next.port)
})

test('a Sentinel that hangs, and one that is gone, cost a second and no more', async () => {
  await using system = await startSentinel()
  const { port } = await system.master()
  const [first, second] = system.sentinels
  first?.signal('SIGSTOP')
  await second?.end('SIGKILL')

  await using connections = await open(system.url, 1)

  await connections.allAt(port)
})

test('a master that no Sentinel knows is said in words', async () => {
  await using system = await startSentinel()
  const url = system.url.replace('/main', '/other')

  const refused = await openRedis(url, { name: 'test', log: SILENT, deadlineMs: 500 }).catch(String)

  assert.match(String(refused), `"other" of the Sentinels at ${new URL(url).host}, `)
  assert.match(String(refused), 'invalid reply: null')
})

test.run()

async function open(url: string, count: number) {
  const options = {
    log: SILENT,
    commandTimeout: 500,
    socketTimeout: 700,
    // So that they are in the middle of connecting when the master changes.
    retryStrategy: () => 1,
  }
  const opening = Array.from({ length: count }, (_, i) => openRedis(url, { name: `test-${i}`, ...options }))
  const connections = await Promise.all(opening)
  return {
    /** Resolves when all of them can write, to the node at this port. */
    async allAt(port: number): Promise<void> {
      for (const redis of connections) {
        await eventually(() => redis.incr('n'), { within: 10_000 })
        assert.is(redis.stream.remotePort, port)
      }
    },
    async [Symbol.asyncDispose]() {
      for (const redis of connections) redis.disconnect()
    },
  }
}
