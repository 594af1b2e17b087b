import { keysOf, parseMember } from '@curfew/contract'
import {
  deferred,
  eventually,
  freshNamespace,
  givenSession,
  openHistory,
  openRedis,
  redisUrl,
  signOff,
  startRedis,
} from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from './evaluate.js'
import type { Hello } from './following.js'
import { HELLO } from './scripts.js'
import { createStoreLink, type StoreLink } from './store-link.js'

const test = suite('guard: store link')

const NEW: Hello = {
  history: null,
  applied: 0,
  acknowledged: 0,
  hooksFailed: [],
  opens: null,
}

test('the first hello joins: a row that acknowledges nothing yet, and the service’s inbox is known', async () => {
  await using world = await open()
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const answer = await world.link.hello(NEW)

  assert.is(answer.standing, 'joined')
  assert.is(answer.head, 1)
  assert.equal(answer.missed, [])
  const row = await world.row()
  assert.equal([row?.acknowledged, row?.renewals, row?.history, row?.leaseMs], [0, 1, answer.history, 4_000])
  assert.is(row?.version, '2.4.1')
  assert.equal(await world.redis.smembers(world.keys.inboxes), ['projects'])
})

test('a further hello renews the row, and brings what was missed', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await signOff(world.redis, world.namespace, { userId: 'grace' })

  const answer = await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 0 })

  assert.is(answer.standing, 'renewed')
  assert.equal(
    answer.missed.map(({ sequence }) => sequence),
    [2],
  )
  assert.is((await world.row())?.renewals, 2)
})

test('who says hello in another history than Redis has joins anew', async () => {
  await using world = await open()
  await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const answer = await world.link.hello({ ...NEW, history: 'another:history', applied: 0, acknowledged: 0 })

  assert.is(answer.standing, 'joined')
  assert.is((await world.row())?.acknowledged, 0)
})

test('an instance whose row was taken away joins anew', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await world.redis.hdel(world.keys.members, 'projects-1')

  assert.is((await world.link.hello({ ...NEW, history, applied: 0, acknowledged: 0 })).standing, 'joined')
})

test('a hello that was sent earlier takes no acknowledgement back', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1 })

  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 0 })

  assert.is((await world.row())?.acknowledged, 1)
})

test('an acknowledgement is told at once, and comes into the table with the next hello', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const told = await world.listen(world.keys.channels.acknowledgements)

  await world.link.acknowledge(history, 1, [1])
  await eventually(() => told.length > 0)
  assert.is((await world.row())?.acknowledged, 0)
  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1, hooksFailed: [1] })

  assert.equal(told[0], `projects-1 ${history} 1 [1]`)
  assert.equal([(await world.row())?.acknowledged, (await world.row())?.hooksFailed], [1, [1]])
})

// found 2026-11-26 by the model: "restored, late messages"
test('nothing is acknowledged in a history that Redis has no more, nor in a Redis that was emptied', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  const told = await world.listen(world.keys.channels.acknowledgements)

  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await world.link.acknowledge(history, 1, [])
  await world.redis.del(world.keys.history)
  await world.link.acknowledge(history, 1, [])
  await world.redis.publish(world.keys.channels.acknowledgements, 'the end')
  await eventually(() => told.includes('the end'))

  assert.equal(told, ['the end'])
  assert.is(await world.redis.exists(world.keys.history), 0, 'a message begins no history')
})

test('a new history is closed to who knows of nothing, and opened by an instance that may', async () => {
  await using world = await open()
  await world.openedBefore('another:history', 0)

  const stranger = await world.link.hello(NEW)
  const read = await world.link.read('A'.repeat(44))
  const witness = await world.link.hello({ ...NEW, history: 'another:history', opens: stranger.history })

  assert.is(stranger.standing, 'waiting')
  assert.is(read.isOpen, false)
  assert.is(witness.standing, 'joined')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, true)
})

// found 2026-11-26: a Redis that had been emptied a moment ago was opened by whoever came first, and let blocked users in
test('a Redis in which nothing is, since it may have been emptied, is closed to who has not waited', async () => {
  await using world = await open()
  await world.redis.del(world.keys.history)

  const { history, standing } = await world.link.hello(NEW)

  assert.is(standing, 'waiting')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, false)
  assert.is((await world.link.hello({ ...NEW, opens: history })).standing, 'joined')
})

test('an instance that has no lease any more opens nothing by what it remembers', async () => {
  await using world = await open()
  await world.openedBefore('another:history', 0)

  assert.is((await world.link.hello({ ...NEW, history: 'another:history' })).standing, 'waiting')
})

test('who has waited for the history that Redis has opens it; to have waited for another one does not count', async () => {
  await using world = await open()
  await world.openedBefore('another:history', 0)
  const { history } = await world.link.hello(NEW)

  assert.is((await world.link.hello({ ...NEW, opens: 'another:history' })).standing, 'waiting')
  assert.is((await world.link.hello({ ...NEW, opens: history })).standing, 'joined')
})

test('an instance that has seen more than there is shows that Redis is behind, and then nobody gets a lease', async () => {
  await using world = await open()
  await world.openedBefore('another:history', 5)
  await world.redis.set(world.keys.sequence, 4)

  const told = await world.link.hello({ ...NEW, history: 'another:history', applied: 5 })
  const { history } = told
  const other = await world.link.hello({
    ...NEW,
    history: 'another:history',
    applied: 4,
    opens: told.history,
  })
  const waited = await world.link.hello({ ...NEW, opens: history })

  assert.equal([told.standing, other.standing, waited.standing], ['behind', 'behind', 'behind'])
  assert.is(await world.redis.hget(world.keys.history, 'seen'), '5')
  assert.is(await world.row(), null)
})

test('an instance that wakes up late and has seen more closes a history that was open', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const late = await world.link.hello({ ...NEW, history: 'another:history', applied: 1 })
  const renewal = await world.link.hello({ ...NEW, history, applied: 2 })

  assert.equal([late.standing, renewal.standing], ['behind', 'behind'], 'it was opened at 0')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, false)
})

test('a session of an era that is over is nobody’s', async () => {
  await using world = await open()
  const { ref } = await givenSession(world.redis, world.namespace)
  await world.link.hello(NEW)
  assert.is((await world.link.read(ref)).found?.session.ref, ref)

  await world.redis.set(world.keys.era, 7)

  assert.is((await world.link.read(ref)).found, null)
})

test('use is noted of a session that is there, and never backwards', async () => {
  await using world = await open()
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
  await using world = await open()
  const { ref } = await givenSession(world.redis, world.namespace, { idleTtlMs: 60 })
  const over = performance.now() + 80
  await eventually(() => performance.now() > over)

  assert.equal(await world.link.reportUse([{ ref, agoMs: 50, idleTtlMs: 60 }]), [false])
  assert.is((await world.link.read(ref)).found, null)
})

test('use that is reported after a sign-off revives nothing', async () => {
  await using world = await open()
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

// found 2026-11-21: a hello that was stuck in the network acknowledged what its instance had not applied
test('a hello that arrives after its successor says nothing', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await world.link.hello({ ...NEW, history, applied: 0, acknowledged: 0 })
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const before = await world.row()

  const late = await evaluate(
    world.redis,
    HELLO,
    [world.keys.history, world.keys.sequence, world.keys.members, world.keys.signoffs, world.keys.inboxes],
    ['n', 'projects-1', 'projects', '', 0, 0, 10, 1, 4_000, world.keys.channels.acknowledgements, '', '[]'],
  )

  assert.equal(late, [history, 1, -1])
  assert.equal(await world.row(), before)
})

test('a hello says again what an acknowledgement that got lost has said', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const told = await world.listen(world.keys.channels.acknowledgements)

  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1 })
  await eventually(() => told.length > 0)

  assert.equal(told, [`projects-1 ${history} 1 []`])
})

test('a read is stamped with the history and the head, whether or not it finds a session', async () => {
  await using world = await open()
  const { ref, record } = await givenSession(world.redis, world.namespace)
  const { history } = await world.link.hello(NEW)

  const found = await world.link.read(ref)
  await signOff(world.redis, world.namespace, { session: record })
  const gone = await world.link.read(ref)

  assert.equal([found.history, found.head, found.found?.session.ref], [history, 0, ref])
  assert.equal(gone, { history, head: 1, isOpen: true, found: null })
})

test('a record that can’t be read is nobody’s', async () => {
  await using world = await open()
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
    onListening: () => undefined,
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

test('leaving takes the row away, and nobody waits for it any more', async () => {
  await using world = await open()
  const { history } = await world.link.hello(NEW)
  const told = await world.listen(world.keys.channels.acknowledgements)

  await world.link.close()
  await eventually(() => told.length > 0)

  assert.equal(told, [`projects-1 ${history} ${Number.MAX_SAFE_INTEGER} []`])
  assert.is(await world.row(), null)
})

async function open() {
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  const redis = await openRedis()
  const ears = await openRedis()
  await openHistory(redis, namespace)
  const listening = deferred<void>()
  const link: StoreLink = createStoreLink({
    redisUrl: await redisUrl(),
    keys,
    instance: 'projects-1',
    service: 'projects',
    version: '2.4.1',
    leaseMs: 4_000,
    commandTimeoutMs: 2_000,
    onSignOff: () => undefined,
    onListening: listening.resolve,
    onError: (error) => assert.unreachable(error.message),
  })
  link.open()
  await listening.promise
  // The two wires are ready each in their own time.
  await eventually(() => link.read('A'.repeat(44)))

  return {
    namespace,
    keys,
    redis,
    link,
    async row() {
      const json = await redis.hget(keys.members, 'projects-1')
      return json === null ? null : parseMember('projects-1', json)
    },
    /** Redis was in use in another history, which was opened at a head. */
    async openedBefore(history: string, head: number) {
      await redis.hset(keys.history, 'opened', history, 'openedAt', head)
      await redis.set(keys.sequence, head)
    },
    async listen(channel: string): Promise<string[]> {
      const messages: string[] = []
      ears.on('message', (_channel, message: string) => messages.push(message))
      await ears.subscribe(channel)
      return messages
    },
    async [Symbol.asyncDispose]() {
      await link.close()
      await ears[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

test.run()
