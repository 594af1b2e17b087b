import { deferred, eventually, givenSession, openRedis, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuard } from './testing/given-guard.js'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: held connections')

test('a held connection is closed by the sign-off of its session, and by no other', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const [mine, other] = [
    await givenSession(redis, world.namespace),
    await givenSession(redis, world.namespace),
  ]
  const ends: string[] = []
  const hold = world.guard.hold(mine.record, (end) => ends.push(`mine ${end}`))
  world.guard.hold(other.record, (end) => ends.push(`other ${end}`))
  await eventually(() => hold.mayDeliver())

  await signOff(redis, world.namespace, { session: mine.record }, 'revoked')
  await eventually(() => ends.length > 0)

  assert.equal(ends, ['mine revoked'])
  assert.not(hold.mayDeliver())
})

test('a connection that is held for a session which ended a moment before is closed', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { record } = await givenSession(redis, world.namespace)
  const { sequence } = await signOff(redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)
  const ended = deferred<string>()

  world.guard.hold(record, ended.resolve)

  assert.is(await ended.promise, 'recheck')
})

// found 2026-11-21: until the first look was answered, a connection delivered for a session that was over
test('a connection for a session that was signed off meanwhile delivers nothing, not even for a moment', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  const decision = await world.guard.decide(cookie)
  if (decision.kind !== 'session') return assert.unreachable('there is a session')
  const { sequence } = await signOff(redis, world.namespace, { session: decision.session })
  await eventually(() => world.guard.stats().sequence === sequence)

  assert.not(world.guard.hold(decision.session, () => undefined).mayDeliver())
})

test('a connection whose session is in memory delivers from the start', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { cookie } = await givenSession(redis, world.namespace)
  const decision = await world.guard.decide(cookie)
  if (decision.kind !== 'session') return assert.unreachable('there is a session')

  assert.ok(world.guard.hold(decision.session, () => undefined).mayDeliver())
})

// found 2026-11-27: it delivered what was sent to everybody when the first of them was closed
test('of connections whose sign-offs were missed none delivers while the others are being closed', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 800 })
  const sessions = [
    await givenSession(world.redis, world.namespace),
    await givenSession(world.redis, world.namespace),
  ]
  const delivered: boolean[] = []
  const holds = sessions.map(({ record }) =>
    world.guard.hold(record, () => void delivered.push(holds.some((hold) => hold.mayDeliver()))),
  )
  await eventually(() => holds.every((hold) => hold.mayDeliver()))

  world.proxy.lose('messages')
  world.proxy.hold('commands')
  await eventually(() => !world.guard.stats().following)
  for (const { record } of sessions) await signOff(world.redis, world.namespace, { session: record })
  world.proxy.pass('commands')
  await eventually(() => delivered.length === 2)

  assert.equal(delivered, [false, false])
})

test('a held connection ends when its session expires', async () => {
  await using redis = await openRedis()
  await using world = await givenGuard()
  const { record } = await givenSession(redis, world.namespace, { idleTtlMs: 1_000 })
  const ended = deferred<string>()

  world.guard.hold(record, ended.resolve)

  assert.is(await ended.promise, 'expired')
})

test.run()
