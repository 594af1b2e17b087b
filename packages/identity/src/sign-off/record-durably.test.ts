import { eventually, type RedisServer, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NotDurable, recordOnReplicas } from './record-durably.js'

const test = suite('identity: recording durably, on replicas')

const WRITE = `return redis.call('INCR', KEYS[1])`

test('with every replica there it is durable, and the reply is that of the script', async () => {
  await using nodes = await startNodes(2)
  const record = nodes.record(2)

  assert.equal([await record(WRITE, ['n'], []), await record(WRITE, ['n'], [])], [1, 2])
  for (const replica of nodes.replicas) assert.is(await valueAt(replica), '2')
})

test('with a replica that does not answer it is not durable, though it has happened', async () => {
  await using nodes = await startNodes(2)
  const record = nodes.record(2)
  await record(WRITE, ['n'], [])

  nodes.replicas[0]?.pause()
  const error = await outcome(record(WRITE, ['n'], []))

  assert.instance(error, NotDurable)
  assert.is(await valueAt(nodes.master), '2')
  nodes.replicas[0]?.resume()
  assert.is(await record(WRITE, ['n'], []), 3)
})

test('one replica of two is no quorum', async () => {
  await using nodes = await startNodes(1)

  assert.instance(await outcome(nodes.record(2)(WRITE, ['n'], [])), NotDurable)
})

test('many at once share the wait for a replica that is missing', async () => {
  await using nodes = await startNodes(1, { timeoutMs: 300 })
  const record = nodes.record(2)
  const began = performance.now()

  const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(record(WRITE, ['n'], []))))

  assert.ok(outcomes.every((error) => error instanceof NotDurable))
  assert.ok(performance.now() - began < 3_000, 'not one timeout after the other, which would be six seconds')
})

// protocol trap 3: a new connection's WAIT answers at once
test('a connection that is lost between the script and the wait is no confirmation', async () => {
  await using nodes = await startNodes(1, { timeoutMs: 5_000 })
  const record = nodes.record(1)
  await record(WRITE, ['n'], [])

  nodes.replicas[0]?.pause()
  const recording = outcome(record(WRITE, ['n'], []))
  await eventually(async () => (await valueAt(nodes.master)) === '2')
  const operator = new Redis(nodes.master.url)
  await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  operator.disconnect()

  assert.instance(await recording, Error)
  nodes.replicas[0]?.resume()
  assert.is(await eventually(() => record(WRITE, ['n'], [])), 3, 'the new connection works')
})

// found 2026-11-26: from Redis 7.2 on, WAIT asks for nothing on a connection that has written nothing
test('what a script finds done already is waited for too, also on a new connection', async () => {
  await using nodes = await startNodes(1, { timeoutMs: 300 })
  nodes.replicas[0]?.pause()
  assert.instance(await outcome(nodes.record(1)(WRITE, ['n'], [])), NotDurable)

  await using other = await nodes.connect()
  const record = recordOnReplicas({ redis: other.redis, replicas: 1, timeoutMs: 300, touch: 'touched' })
  const again = await outcome(record(`return redis.call('GET', KEYS[1])`, ['n'], []))

  assert.instance(again, NotDurable)
  nodes.replicas[0]?.resume()
})

test('a master that becomes a replica while it waits confirms nothing', async () => {
  await using nodes = await startNodes(2, { timeoutMs: 5_000 })
  const [other, paused] = nodes.replicas
  const record = nodes.record(2)
  await record(WRITE, ['n'], [])

  paused?.pause()
  const recording = outcome(record(WRITE, ['n'], []))
  await eventually(async () => (await valueAt(nodes.master)) === '2')
  const operator = new Redis(nodes.master.url)
  await operator.replicaof('127.0.0.1', other?.port ?? 0)
  operator.disconnect()

  assert.match(String(await recording), /UNBLOCKED|closed|READONLY/)
  paused?.resume()
})

test('a script that a new master does not know is sent whole', async () => {
  await using nodes = await startNodes(1)
  const record = nodes.record(1)
  await record(WRITE, ['n'], [])
  const operator = new Redis(nodes.master.url)
  await operator.script('FLUSH')
  operator.disconnect()

  assert.is(await record(WRITE, ['n'], []), 2)
})

test('a script that fails is its own error, and no other’s', async () => {
  await using nodes = await startNodes(1)
  const record = nodes.record(1)

  const [failed, fine] = await Promise.all([
    outcome(record('return redis.error_reply("ERR on purpose")', [], [])),
    outcome(record(WRITE, ['n'], [])),
  ])

  assert.match(String(failed), 'on purpose')
  assert.is(fine, 1)
})

test.run()

async function startNodes(count: number, { timeoutMs = 1_000 } = {}) {
  // Otherwise a replica is kept waiting for five seconds, in case that others come too.
  const master = await startRedis({ appendonly: true, settings: { 'repl-diskless-sync-delay': '0' } })
  const replicas: RedisServer[] = []
  for (let i = 0; i < count; i++) {
    replicas.push(await startRedis({ settings: { replicaof: `127.0.0.1 ${master.port}` } }))
  }
  const { redis } = await connectTo(master)
  await eventually(
    async () => {
      await redis.set('warm', 1)
      return (await redis.wait(count, 1_000)) === count
    },
    { within: 15_000 },
  )
  return {
    master,
    replicas,
    record: (wanted: number) => recordOnReplicas({ redis, replicas: wanted, timeoutMs, touch: 'touched' }),
    connect: () => connectTo(master),
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      for (const node of [...replicas, master]) await node[Symbol.asyncDispose]()
    },
  }
}

async function connectTo({ url }: RedisServer) {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
    retryStrategy: () => 20,
  })
  redis.on('error', () => 'it is cut on purpose')
  await redis.connect()
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}

/** The reply, or the error. */
function outcome(recording: Promise<unknown>): Promise<unknown> {
  return recording.catch((error: unknown) => error)
}

async function valueAt(node: RedisServer): Promise<string | null> {
  const redis = new Redis(node.url)
  const value = await redis.get('n')
  redis.disconnect()
  return value
}
