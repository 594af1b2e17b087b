import { keysOf, parseMember, randomSessionId, type SessionRecord } from '@curfew/contract'
import { eventually, givenSession, openRedis, rejects, serve, signOff, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Guard } from './guard.js'
import { SessionEnded } from './session-ended.js'
import type { SessionSignal } from './session-signal.js'
import { givenGuard } from './testing/given-guard.js'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: session signal')

test('a sign-off aborts the work of its session, says why, and leaves other work alone', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const [mine, other] = [
    await givenSession(redis, world.namespace),
    await givenSession(redis, world.namespace),
  ]
  const work = await workFor(world.guard, mine.cookie)
  const otherWork = await workFor(world.guard, other.cookie)

  await signOff(redis, world.namespace, { session: mine.record }, 'revoked')
  await eventually(() => work.signal.aborted)

  const { reason } = work.signal
  assert.instance(reason, SessionEnded)
  assert.equal(
    [reason.name, reason.code, reason.reason, reason.status],
    ['SessionEnded', 'SESSION_ENDED', 'revoked', 401],
  )
  assert.not(otherWork.signal.aborted)
  assert.is(world.guard.stats().held, 1)
})

test('a sign-off everywhere aborts the work of all sessions of the user', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const sessions = [await givenSession(redis, world.namespace), await givenSession(redis, world.namespace)]
  const works = await Promise.all(sessions.map(({ cookie }) => workFor(world.guard, cookie)))

  await signOff(redis, world.namespace, { userId: 'ada' }, 'blocked')
  await eventually(() => works.every(({ signal }) => signal.aborted))

  assert.equal(
    works.map(({ signal }) => signal.reason.reason),
    ['blocked', 'blocked'],
  )
})

test('it is aborted before the sign-off is acknowledged', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, record } = await givenSession(redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)
  const seen: boolean[] = []
  world.guard.onSignOff(() => void seen.push(signal.aborted))

  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(async () => (await acknowledged(redis, world)) === sequence)

  assert.equal(seen, [true], 'when the hooks run, and they run before the acknowledgement')
})

test('a signal that is asked for after the sign-off is aborted from the start, with the same reason', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  const session = await decided(world.guard, cookie)
  const { sequence } = await signOff(redis, world.namespace, { session }, 'everywhere')
  await eventually(() => world.guard.stats().sequence === sequence)

  const { signal } = world.guard.signal(session)

  assert.is(signal.aborted, true)
  assert.is(signal.reason.reason, 'everywhere')
  assert.is(world.guard.stats().held, 0)
})

test('whoever signs out their other sessions goes on working in this one', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  const session = await decided(world.guard, cookie)
  const { sequence } = await signOff(redis, world.namespace, { userId: 'ada', except: session }, 'revoked')
  await eventually(() => world.guard.stats().sequence === sequence)
  assert.is(world.guard.stats().entries, 0, 'its record has changed, and is read again when it is needed')

  const { signal } = world.guard.signal(session)
  await signOff(redis, world.namespace, { userId: 'ada' }, 'blocked')
  await eventually(() => signal.aborted)

  assert.is(signal.reason.reason, 'blocked', 'and not for what it survived')
})

test('a session that ended unnoticed, and is not in memory, aborts after a look into Redis', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { record } = await givenSession(redis, world.namespace)
  await redis.del(keysOf(world.namespace).session(record.ref))

  const { signal } = world.guard.signal(record)
  await eventually(() => signal.aborted)

  assert.is(signal.reason.reason, 'recheck')
  assert.is(signal.reason.status, 503)
})

test('work ends with its session: at its idle end, and at its absolute end', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const idle = await givenSession(redis, world.namespace, { idleTtlMs: 1_000 })
  const short = await givenSession(redis, world.namespace, { lastsMs: 1_000 })
  const works = await Promise.all([idle, short].map(({ cookie }) => workFor(world.guard, cookie)))

  await eventually(() => works.every(({ signal }) => signal.aborted))

  assert.equal(
    works.map(({ signal }) => signal.reason.reason),
    ['expired', 'expired'],
  )
})

test('work goes on while its session is in use elsewhere', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref } = await givenSession(world.redis, world.namespace, { idleTtlMs: 1_000 })
  const { signal, release } = await workFor(world.guard, cookie)

  // Whenever it is looked up from now on, it was used a moment before.
  await world.redis.zadd(world.keys.seen, Date.now() + 60_000, ref)
  await eventually(async () => (await world.reads(ref)) === 2)
  // Answers come in the order of the questions.
  await world.guard.decide(`curfew=${randomSessionId(0)}`)

  assert.not(signal.aborted)
  release()
})

test('a thousand pieces of work leave nothing behind, and nothing is told to those that are done', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, record } = await givenSession(redis, world.namespace)
  const session = await decided(world.guard, cookie)

  const works = Array.from({ length: 1_000 }, () => world.guard.signal(session))
  assert.is(world.guard.stats().held, 1_000)
  for (const { release } of works) release()
  assert.is(world.guard.stats().held, 0)

  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)
  assert.not(works.some(({ signal }) => signal.aborted))
})

test('work that ends other work when it is aborted aborts nothing that is done', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, record } = await givenSession(redis, world.namespace)
  const session = await decided(world.guard, cookie)
  const [first, second] = [world.guard.signal(session), world.guard.signal(session)]
  first.signal.addEventListener('abort', second.release)

  await signOff(redis, world.namespace, { session: record })
  await eventually(() => first.signal.aborted)

  assert.not(second.signal.aborted)
  assert.is(world.guard.stats().held, 0)
})

test('a Redis that restarts aborts nobody’s work, and a sign-off after it is told', async () => {
  await using server = await startRedis({ appendonly: true })
  await using world = await givenGuard({ redisUrl: server.url })
  await using own = openRedisAt(server.url)
  const { cookie } = await givenSession(own.redis, world.namespace)
  const session = await decided(world.guard, cookie)
  const { signal } = world.guard.signal(session)
  const { flushes } = world.guard.stats()

  await server.restart()
  await eventually(() => world.guard.stats().flushes > flushes && world.guard.stats().listening)
  assert.is((await world.guard.decide(cookie)).kind, 'session')
  assert.not(signal.aborted)
  assert.is(world.guard.stats().held, 1)

  await eventually(() => signOff(own.redis, world.namespace, { session }, 'admin'))
  await eventually(() => signal.aborted)
  assert.is(signal.reason.reason, 'admin')
})

test('a sign-off that was missed while memory was emptied is told before it is acknowledged', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard({ leaseMs: 2_000 })
  const { cookie } = await givenSession(redis, world.namespace)
  const session = await decided(world.guard, cookie)
  const { signal } = world.guard.signal(session)
  const keys = keysOf(world.namespace)
  const abortedWhenAcknowledged: boolean[] = []
  await using ears = await openRedis()
  await ears.subscribe(keys.channels.acknowledgements)
  ears.on('message', () => abortedWhenAcknowledged.push(signal.aborted))

  // Another history, in which the session was ended before anybody joined it.
  await redis.multi().del(keys.history).del(keys.session(session.ref)).exec()
  await eventually(() => abortedWhenAcknowledged.length > 0)

  assert.is(abortedWhenAcknowledged[0], true)
  assert.is(signal.reason.reason, 'recheck')
})

// found 2026-11-26: the flush was acknowledged while the answer was awaited, so that what it covers was confirmed
test('work whose session can’t be looked up in time is aborted before the flush is acknowledged', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 4_000 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)
  const acknowledged = await world.acknowledged()
  const abortedWhenAcknowledged: boolean[] = []
  world.ears.on('message', () => abortedWhenAcknowledged.push(signal.aborted))

  world.guard.onSignOff(() => world.proxy.hold('answers'))
  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await eventually(() => acknowledged.length > 0)

  assert.equal(abortedWhenAcknowledged, [true])
  assert.is(signal.reason.reason, 'recheck')
})

// found 2026-11-26: what waits for the look ran into the deadline of hooks, and was said to have failed
test('no hook is said to have failed where a look at a session comes too late', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 4_000 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)
  const acknowledged = await world.acknowledged()
  const said: string[] = []
  world.ears.on('message', (_channel, message: string) => said.push(message))

  world.guard.onSignOff(() => world.proxy.hold('answers'))
  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await eventually(() => acknowledged.length > 0)

  assert.is(signal.reason.reason, 'recheck')
  assert.is(said.at(-1)?.split(' ')[3], '[]')
  assert.is(world.guard.stats().hookFailures, 0)
})

test('an emptying of memory waits for no look at the session of work that is done by then', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 4_000 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  const { signal, release } = await workFor(world.guard, cookie)
  const acknowledged = await world.acknowledged()

  world.guard.onSignOff(() => {
    world.proxy.hold('answers')
    setImmediate(release)
  })
  await world.redis.hset(world.keys.history, 'nonce', 'another')
  await eventually(() => acknowledged.length > 0)

  assert.not(signal.aborted)
  assert.is(world.guard.stats().hookFailures, 0)
})

test('a session that can’t be looked up any more aborts its work: the guard was closed', async () => {
  await using redis = await openRedis()
  const world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)

  await world.guard.close()
  await eventually(() => signal.aborted)

  assert.is(signal.reason.reason, 'recheck')
  assert.is(world.guard.stats().held, 0)
})

// found 2026-11-26: the first look's timer went on, and the second's was called off in its place
test('work whose session is being looked up when memory is emptied lives on if the session does', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 8_000 })
  const { record } = await givenSession(world.redis, world.namespace)
  const { flushes } = world.guard.stats()

  await world.redis.hdel(world.keys.members, world.guard.instance)
  world.proxy.hold('answers')
  const joining = world.guard.renew()
  const { signal, release } = world.guard.signal(record)
  world.proxy.pass('answers')
  await joining
  assert.is(world.guard.stats().flushes, flushes + 1)
  const until = performance.now() + 1_200
  await eventually(() => performance.now() > until)

  assert.not(signal.aborted)
  release()
})

// found 2026-11-26: its timer went on
test('a signal that is released while its session is being looked up is not aborted by that', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 800 })
  const { record } = await givenSession(world.redis, world.namespace)
  world.proxy.hold('answers')
  const [released, other] = [world.guard.signal(record), world.guard.signal(record)]

  released.release()
  await eventually(() => other.signal.aborted)
  world.proxy.pass('answers')

  assert.not(released.signal.aborted)
})

// found 2026-11-26: it said that it had left, so that nobody waited for it, and went on looking the session up
test('work in flight is aborted before its instance says that it has left', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 4_000 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)
  const left = await world.acknowledged()
  const abortedWhenLeft: boolean[] = []
  world.ears.on('message', () => abortedWhenLeft.push(signal.aborted))

  world.proxy.hold('answers')
  const closing = world.guard.close()
  await eventually(() => signal.aborted)
  world.proxy.pass('answers')
  await closing
  await eventually(() => left.length > 0)

  assert.equal(abortedWhenLeft, [true])
})

test('what waits for a signal rejects with why the session ended', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  await using silent = await serve(() => 'answers nothing')
  const { cookie, record } = await givenSession(redis, world.namespace)
  const { signal } = await workFor(world.guard, cookie)
  // It may be told before whoever signs off has their answer.
  const rejected = rejects(fetch(silent.url, { signal }), 'SESSION_ENDED')

  await signOff(redis, world.namespace, { session: record })

  await rejected
})

async function decided(guard: Guard, cookie: string): Promise<SessionRecord> {
  const decision = await guard.decide(cookie)
  if (decision.kind !== 'session') throw new Error(`decided ${decision.kind}`)
  return decision.session
}

async function workFor(guard: Guard, cookie: string): Promise<SessionSignal> {
  return guard.signal(await decided(guard, cookie))
}

async function acknowledged(redis: Redis, { guard, namespace }: { guard: Guard; namespace: string }) {
  const row = await redis.hget(keysOf(namespace).members, guard.instance)
  return parseMember(guard.instance, row ?? '')?.acknowledged
}

function openRedisAt(url: string) {
  const redis = new Redis(url, { maxRetriesPerRequest: 0 })
  redis.on('error', () => 'it is restarted on purpose')
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}

test.run()
