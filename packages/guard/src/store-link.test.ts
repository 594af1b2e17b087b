import { keysOf } from '@curfew/contract'
import { eventually, freshNamespace, givenSession, signOff, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createStoreLink } from './store-link.js'
import { givenStoreLink, NEW } from './testing/given-store-link.js'

const test = suite('guard: store link')

test('an acknowledgement is told at once, and comes into the table with the next hello', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const told = await world.acknowledgements()

  await world.link.acknowledge(history, 1, [1])
  await eventually(() => told.length > 0)
  assert.is((await world.row())?.acknowledged, 0)
  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1, hooksFailed: [1] })

  assert.equal(told[0], `projects-1 ${history} 1 [1]`)
  assert.equal([(await world.row())?.acknowledged, (await world.row())?.hooksFailed], [1, [1]])
})

// found 2026-11-26 by the model: "restored, late messages"
test('nothing is acknowledged in a history that Redis has no more, nor in a Redis that was emptied', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  const told = await world.acknowledgements()

  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await world.link.acknowledge(history, 1, [])
  await world.redis.del(world.keys.history)
  await world.link.acknowledge(history, 1, [])
  await world.redis.publish(world.keys.channels.acknowledgements, 'the end')
  await eventually(() => told.includes('the end'))

  assert.equal(told, ['the end'])
  assert.is(await world.redis.exists(world.keys.history), 0, 'a message begins no history')
})

test('a session of an era that is over is nobody’s', async () => {
  await using world = await givenStoreLink()
  const { ref } = await givenSession(world.redis, world.namespace)
  await world.link.hello(NEW)
  assert.is((await world.link.read(ref)).found?.session.ref, ref)

  await world.redis.set(world.keys.era, 7)

  assert.is((await world.link.read(ref)).found, null)
})

test('use is noted of a session that is there, and never backwards', async () => {
  await using world = await givenStoreLink()
  const { ref } = await givenSession(world.redis, world.namespace)
  const seen = async (name: string) => world.redis.zscore(world.keys.seen, name)
  const before = Number(await seen(ref))

  const lives = await world.link.reportUse([
    { ref, agoMs: 60_000, idleTtlMs: 1_800_000 },
    { ref: 'gone', agoMs: 0, idleTtlMs: 1_800_000 },
  ])
  assert.equal(lives, [true, false])
  assert.is(Number(await seen(ref)), before)
  assert.is(await seen('gone'), null)

  await eventually(() => Date.now() > before + 1)
  await world.link.reportUse([{ ref, agoMs: 0, idleTtlMs: 1_800_000 }])
  assert.ok(Number(await seen(ref)) > before)
})

// found 2026-11-21: a report that came after the idle end brought the session back
test('use that is reported after the idle end revives nothing', async () => {
  await using world = await givenStoreLink()
  const { ref } = await givenSession(world.redis, world.namespace, { idleTtlMs: 60 })
  const over = performance.now() + 80
  await eventually(() => performance.now() > over)

  assert.equal(await world.link.reportUse([{ ref, agoMs: 50, idleTtlMs: 60 }]), [false])
  assert.is((await world.link.read(ref)).found, null)
})

test('use that is reported after a sign-off revives nothing', async () => {
  await using world = await givenStoreLink()
  const [one, other] = [
    await givenSession(world.redis, world.namespace),
    await givenSession(world.redis, world.namespace, { user: 'grace' }),
  ]
  await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { session: one.record })
  await signOff(world.redis, world.namespace, { userId: 'grace' })

  for (const { ref, record } of [one, other]) {
    await world.link.reportUse([{ ref, agoMs: 0, idleTtlMs: record.idleTtlMs }])
    assert.is((await world.link.read(ref)).found, null)
  }
  assert.is(await world.redis.exists(world.keys.session(one.ref)), 0)
})

test('a read is stamped with the history and the head, whether or not it finds a session', async () => {
  await using world = await givenStoreLink()
  const { ref, record } = await givenSession(world.redis, world.namespace)
  const { history } = await world.link.hello(NEW)

  const found = await world.link.read(ref)
  await signOff(world.redis, world.namespace, { session: record })
  const gone = await world.link.read(ref)

  assert.equal([found.history, found.head, found.found?.session.ref], [history, 0, ref])
  assert.equal(gone, { history, head: 1, isOpen: true, found: null })
})

test('a record that can’t be read is nobody’s', async () => {
  await using world = await givenStoreLink()
  const { ref, record } = await givenSession(world.redis, world.namespace)
  await world.redis.set(world.keys.session(ref), JSON.stringify({ ...record, v: 2 }))

  assert.is((await world.link.read(ref)).found, null)
})

// found 2026-11-27: ioredis leaves a listener on the socket each time that it is told to hang up, and Node warns of a leak
test('when many commands time out at once it is hung up once', async () => {
  await using server = await startRedis()
  const link = createStoreLink({
    redisUrl: server.url,
    keys: keysOf(freshNamespace()),
    instance: 'projects-1',
    service: 'projects',
    version: '',
    leaseMs: 4_000,
    commandTimeoutMs: 100,
    onSignOff: () => undefined,
    onConnected: () => undefined,
    onError: () => undefined,
  })
  const warned: string[] = []
  process.on('warning', ({ message }) => warned.push(message))
  link.open()
  await eventually(() => link.connected)

  server.pause()
  await Promise.allSettled(Array.from({ length: 20 }, () => link.read('A'.repeat(44))))
  server.resume()
  await eventually(() => link.read('A'.repeat(44)))
  await link.close()

  assert.equal(warned, [])
})

// found 2026-11-27: at a failover each service wrote of a leak into its log
test('when many commands are refused by who is the master no more it is hung up once', async () => {
  await using server = await startRedis()
  const errors: string[] = []
  await using world = await givenStoreLink({
    redisUrl: server.url,
    ownUrl: server.url,
    onError: ({ message }) => errors.push(message),
  })
  const warned: string[] = []
  process.on('warning', ({ message }) => warned.push(message))

  await world.redis.replicaof('127.0.0.1', '1')
  const written = await Promise.allSettled(Array.from({ length: 20 }, () => world.link.recordFact('{}')))
  await world.redis.replicaof('NO', 'ONE')
  await eventually(() => world.link.hello(NEW))

  assert.ok(written.every(({ status }) => status === 'rejected'))
  assert.equal(warned, [])
})

test('leaving takes the row away, and nobody waits for it any more', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  const told = await world.acknowledgements()

  await world.link.close()
  await eventually(() => told.length > 0)

  assert.equal(told, [`projects-1 ${history} ${Number.MAX_SAFE_INTEGER} []`])
  assert.is(await world.row(), null)
})

test.run()
