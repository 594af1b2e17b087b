import { inspect } from 'node:util'
import { keysOf, randomSessionId } from '@curfew/contract'
import {
  deferred,
  eventually,
  givenSession,
  memoryInUse,
  openRedis,
  redisUrl,
  signOff,
  startRedis,
  startRedisProxy,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGuard } from './guard.js'
import { type GivenGuard, givenGuard } from './testing/given-guard.js'

const test = suite('guard')

test('a session is read once and then answered from memory, without a promise', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, ref } = await givenSession(redis, world.namespace)

  const first = await world.guard.decide(cookie)
  const second = world.guard.decide(cookie)

  assert.is(first.kind === 'session' && first.session.ref, ref)
  assert.not.instance(second, Promise)
  assert.is(world.guard.stats().hits, 1)
  assert.is(world.guard.stats().misses, 1)
})

test('what is answered for a session can’t be changed by a handler', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)

  const decision = await world.guard.decide(cookie)

  if (decision.kind !== 'session') return assert.unreachable('there is a session')
  assert.throws(() => Reflect.apply(Array.prototype.push, decision.session.user.roles, ['admin']), TypeError)
})

test('a session in memory keeps nothing of the header that its cookie came in', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const sessions = await Promise.all(
    Array.from({ length: 100 }, () => givenSession(redis, world.namespace, { user: randomSessionId(0) })),
  )
  const decideAll = async () => {
    for (const { cookie } of sessions) await world.guard.decide(`${cookie}; cart=${'x'.repeat(100_000)}`)
  }
  await world.guard.decide(sessions[0]?.cookie)
  const before = memoryInUse().heapUsed

  await decideAll()

  assert.is(world.guard.stats().entries, 100)
  // Their headers would be 10 MB.
  const more = memoryInUse().heapUsed - before
  assert.ok(more < 5e6, `${more} bytes more`)
})

for (const [what, cookie] of [
  ['no cookie', undefined],
  ['another cookie', 'theme=dark'],
  ['garbage', 'curfew=../../etc/passwd'],
  ['an empty value', 'curfew='],
  ['an id that nobody has', `curfew=${randomSessionId(0)}`],
] as const) {
  test(`${what} is nobody`, async () => {
    await using world = await givenGuard()

    assert.equal(await world.guard.decide(cookie), { kind: 'none' })
  })
}

test('somebody else’s ref is not a session id', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { ref } = await givenSession(redis, world.namespace)

  assert.equal(await world.guard.decide(`curfew=${ref}`), { kind: 'none' })
})

test('a session that was signed off is refused as soon as the bell is heard', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, record } = await givenSession(redis, world.namespace)
  await world.guard.decide(cookie)

  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)

  assert.is(world.guard.stats().entries, 0)
  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

test('all sessions of a user who was signed off everywhere are refused, and nobody else’s', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const [one, two, other] = [
    await givenSession(redis, world.namespace),
    await givenSession(redis, world.namespace),
    await givenSession(redis, world.namespace, { user: 'grace' }),
  ]
  for (const { cookie } of [one, two, other]) await world.guard.decide(cookie)

  const { sequence } = await signOff(redis, world.namespace, { userId: 'ada' })
  await eventually(() => world.guard.stats().sequence === sequence)

  assert.is((await world.guard.decide(one.cookie)).kind, 'none')
  assert.is((await world.guard.decide(two.cookie)).kind, 'none')
  assert.is((await world.guard.decide(other.cookie)).kind, 'session')
})

test('an instance that heard nothing catches up with its next hello', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard({ leaseMs: 400 })
  const { cookie, record } = await givenSession(redis, world.namespace)
  await world.guard.decide(cookie)

  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)

  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

// found 2026-11-26: a connection that went silent without being closed was listened to for ever
test('a listening connection that went silent is noticed, and replaced by one that hears', async () => {
  await using redis = await openRedis()
  await using proxy = await startRedisProxy(await redisUrl())
  await using world = await givenGuard({ redisUrl: proxy.url, leaseMs: 400 })

  proxy.hold('messages')
  await eventually(() => !world.guard.stats().listening)
  proxy.pass('messages')
  await eventually(() => world.guard.stats().listening)
  const heard: unknown[] = []
  world.guard.onSignOff((signOff) => void heard.push(signOff))
  const { cookie, record } = await givenSession(redis, world.namespace)
  await world.guard.decide(cookie)
  await signOff(redis, world.namespace, { session: record })
  await eventually(() => heard.length === 1)
})

test('an instance acknowledges what it has applied, after its hooks', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  await using ears = await listenTo(world)
  const { record } = await givenSession(redis, world.namespace)
  const hook = deferred<void>()
  const told: unknown[] = []
  world.guard.onSignOff((what) => {
    told.push(what === 'everything' ? what : what.sequence)
    return hook.promise
  })

  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => told.length === 1)
  assert.equal(ears.acknowledged, [])

  hook.resolve()
  await eventually(() => ears.acknowledged.length > 0)
  assert.equal(ears.acknowledged[0], { sequence, hooksFailed: [] })
  assert.equal(told, [sequence])
})

test('a hook that hangs holds the acknowledgement up for a quarter of a lease, and is told', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard({ leaseMs: 400 })
  await using ears = await listenTo(world)
  const { record } = await givenSession(redis, world.namespace)
  world.guard.onSignOff(() => new Promise(() => undefined))

  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => ears.acknowledged.length > 0)

  assert.equal(ears.acknowledged[0], { sequence, hooksFailed: [sequence] })
  assert.is(world.guard.stats().hookFailures, 1)
})

test('a blocked user’s session is refused although its record is there', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  await redis.hset(keysOf(world.namespace).user('ada'), 'blocked', '{}')

  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

test('a record that was written back after its sign-off is refused: its family has a tombstone', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, ref, record } = await givenSession(redis, world.namespace)
  await signOff(redis, world.namespace, { session: record })
  await redis.set(keysOf(world.namespace).session(ref), JSON.stringify(record))

  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

test('without Redis memory serves until the lease ends, then nothing is decided, and nobody is logged out', async () => {
  await using server = await startRedis({ appendonly: true })
  await using world = await givenGuard({ redisUrl: server.url, leaseMs: 2_000 })
  await using own = openRedisAt(server.url)
  const { cookie } = await givenSession(own.redis, world.namespace)
  await world.guard.decide(cookie)

  await server.kill()
  assert.is((await world.guard.decide(cookie)).kind, 'session', 'from memory')
  await eventually(async () => (await world.guard.decide(cookie)).kind === 'unavailable')

  await server.restart()
  await eventually(async () => (await world.guard.decide(cookie)).kind === 'session')
})

test('a Redis that was emptied is another history: memory is emptied, too', async () => {
  await using server = await startRedis()
  await using world = await givenGuard({ redisUrl: server.url, leaseMs: 400 })
  await using own = openRedisAt(server.url)
  const { cookie } = await givenSession(own.redis, world.namespace)
  await world.guard.decide(cookie)
  const { history } = world.guard.stats()

  await own.redis.flushall()
  await eventually(() => world.guard.stats().history !== history)

  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

// found 2026-11-26: what a process had acknowledged under the name of its predecessor was taken for its own
test('a process can’t be called what another one may be called, too', () => {
  const options = {
    redisUrl: 'redis://127.0.0.1:1',
    service: 'projects',
    publicUrl: new URL('http://localhost'),
  }

  assert.throws(() => createGuard({ ...options, instance: 'projects-1' }), /random digits/)
  assert.throws(() => createGuard({ ...options, service: 'my projects' }), /service must be one word/)
})

// found 2026-11-26: ioredis' errors carry the command, here AUTH with its password
test('trouble with Redis is told without the password', async () => {
  await using server = await startRedis()
  await using redis = openRedisAt(server.url)
  await redis.redis.call('ACL', 'SETUSER', 'curfew', 'on', '>right', '~*', '+@all')
  const told: unknown[] = []
  const guard = createGuard({
    redisUrl: server.url.replace('redis://', 'redis://curfew:the-wrong-one@'),
    service: 'projects',
    publicUrl: new URL('http://localhost'),
    onError: (error) => told.push(error),
  })

  await eventually(() => told.length > 0)
  await guard.close()

  assert.match(inspect(told, { depth: 9 }), /WRONGPASS/)
  assert.not.match(inspect(told, { depth: 9 }), /the-wrong-one/)
})

test('a closed guard has left the table of members, and decides nothing from memory', async () => {
  await using redis = await openRedis()
  const world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  await world.guard.decide(cookie)

  await world.guard.close()

  assert.equal(await world.guard.decide(cookie), { kind: 'unavailable' })
  assert.is(await redis.hexists(keysOf(world.namespace).members, world.guard.instance), 0)
})

/** What the instance acknowledges from now on. */
async function listenTo({ guard, namespace }: GivenGuard) {
  await eventually(async () => guard.stats().following)
  const ears = await openRedis()
  const acknowledged: Array<{ sequence: number; hooksFailed: unknown }> = []
  ears.on('message', (_channel, message: string) => {
    const [instance, , sequence, hooksFailed = ''] = message.split(' ')
    if (instance !== guard.instance) return
    acknowledged.push({ sequence: Number(sequence), hooksFailed: JSON.parse(hooksFailed) })
  })
  await ears.subscribe(keysOf(namespace).channels.acknowledgements)
  return { acknowledged, [Symbol.asyncDispose]: () => ears[Symbol.asyncDispose]() }
}

function openRedisAt(url: string) {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 })
  redis.on('error', () => 'it is killed on purpose')
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}

test.run()
