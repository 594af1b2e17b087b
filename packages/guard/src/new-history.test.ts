import { patienceMs } from '@curfew/contract'
import {
  eventually,
  freshNamespace,
  givenSession,
  type RedisServer,
  signOff,
  startRedis,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: a new history')

test('a Redis that restarts is open again as soon as one comes back whose lease still runs', async () => {
  await using server = await startRedis({ appendonly: true })
  const leaseMs = 20_000
  await using world = await givenGuardBehindProxy({ redisUrl: server.url, leaseMs })
  const { cookie } = await givenSession(world.redis, world.namespace)
  await world.guard.decide(cookie)
  const { history, flushes } = world.guard.stats()

  await server.kill()
  await server.restart()
  const backAt = performance.now()
  await eventually(() => world.guard.stats().history !== history)

  assert.ok(performance.now() - backAt < patienceMs(leaseMs), 'nobody had to wait')
  assert.is(world.guard.stats().flushes, flushes + 1, 'memory is of another history')
  assert.is((await world.guard.decide(cookie)).kind, 'session')
})

test('who comes to a Redis that was in use, and knows of nothing, waits until everybody may have come', async () => {
  await using server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const { cookie } = await inUseBefore(server, namespace)

  const beganAt = performance.now()
  await using world = await givenGuardBehindProxy({ redisUrl: server.url, namespace, leaseMs: 400 })

  assert.ok(performance.now() - beganAt >= patienceMs(400), 'it has waited')
  assert.is((await world.guard.decide(cookie)).kind, 'session')
})

test('an instance whose lease has ended opens nothing by what it remembers, but by having waited', async () => {
  await using server = await startRedis({ appendonly: true })
  await using world = await givenGuardBehindProxy({ redisUrl: server.url, leaseMs: 400 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  await world.guard.decide(cookie)
  const { history } = world.guard.stats()

  await server.kill()
  await eventually(() => !world.guard.stats().following)
  const backAt = performance.now()
  await server.restart()
  await eventually(() => world.guard.stats().connected)
  assert.equal(await world.guard.decide(cookie), { kind: 'unavailable' }, 'nobody is logged out meanwhile')
  await eventually(() => world.guard.stats().history !== history, { everyMs: 5 })

  assert.ok(performance.now() - backAt >= patienceMs(400))
  assert.is((await world.guard.decide(cookie)).kind, 'session')
})

test('an instance that has seen more than there is keeps everybody out, until that is recorded again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using world = await givenGuardBehindProxy({ redisUrl: server.url, leaseMs: 1_000 })
  const [ada, grace] = [
    await givenSession(world.redis, world.namespace),
    await givenSession(world.redis, world.namespace, { user: 'grace' }),
  ]
  const behind: unknown[] = []
  world.guard.onBehind(({ head, followed }) => behind.push([head, followed?.applied]))
  await signOff(world.redis, world.namespace, { session: ada.record })
  await eventually(() => world.guard.stats().sequence === 1)

  // The sign-off is taken back, as by a copy from before it.
  await world.redis
    .multi()
    .set(world.keys.session(ada.ref), JSON.stringify(ada.record))
    .del(world.keys.ended(ada.record.family), world.keys.signoffs)
    .set(world.keys.sequence, 0)
    .hset(world.keys.history, 'nonce', 'restored')
    .exec()
  await eventually(() => behind.length > 0)
  await eventually(() => !world.guard.stats().following)

  for (const { cookie } of [ada, grace]) {
    assert.equal(await world.guard.decide(cookie), { kind: 'unavailable' })
  }
  assert.equal(behind[0], [0, 1])
})

test.run()

/** Somebody was here, a session is here, and then Redis was restarted. */
async function inUseBefore(server: RedisServer, namespace: string) {
  {
    await using world = await givenGuardBehindProxy({ redisUrl: server.url, namespace })
    assert.ok(world.guard.stats().following)
  }
  await server.restart()
  const redis = new Redis(server.url)
  const session = await givenSession(redis, namespace)
  redis.disconnect()
  return session
}
