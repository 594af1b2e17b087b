import { keysOf } from '@curfew/contract'
import { eventually, givenSession, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuard } from './testing/given-guard.js'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: when a session ends by itself')

// found 2026-11-21: an entry lived on in memory although its session had expired for everybody else
test('a session whose use was reported too late is over here, too', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref } = await givenSession(world.redis, world.namespace)
  // Seen so long ago that its use is to be reported.
  await world.redis.zadd(world.keys.seen, Date.now() - 900_000, ref)
  await world.guard.decide(cookie)
  world.proxy.hold('commands')
  assert.is((await world.guard.decide(cookie)).kind, 'session', 'used, and not reported yet')
  await world.redis.zrem(world.keys.seen, ref)
  await world.redis.del(world.keys.session(ref))
  world.proxy.pass('commands')

  await eventually(async () => (await world.guard.decide(cookie)).kind === 'none')
})

test('a session that is not used reaches its idle end, in memory and in Redis', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie, ref } = await givenSession(redis, world.namespace, { idleTtlMs: 1_000 })
  // Used just now, as far as anybody is concerned who is late: that it is read is no use to be reported.
  await redis.zadd(keysOf(world.namespace).seen, Date.now() + 1_000, ref)
  const end = performance.now() + 2_000
  assert.is((await world.guard.decide(cookie)).kind, 'session')

  await eventually(() => performance.now() > end)

  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
})

test('the absolute end comes however busy a session is', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace, { lastsMs: 150 })

  await eventually(async () => (await world.guard.decide(cookie)).kind === 'none')
})

test('working in one service alone keeps a session alive, also for the others', async () => {
  await using redis = await openRedis()
  await using here = await givenGuard()
  await using elsewhere = await givenGuard({ namespace: here.namespace })
  const { cookie } = await givenSession(redis, here.namespace, { idleTtlMs: 2_000 })

  const until = performance.now() + 2_500
  await eventually(async () => {
    assert.is((await here.guard.decide(cookie)).kind, 'session')
    return performance.now() > until
  })

  assert.is((await elsewhere.guard.decide(cookie)).kind, 'session')
})

test.run()
