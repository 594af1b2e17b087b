import { eventually, givenSession, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuardBehindProxy, givenPatientLookup } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: reads that are overtaken')

test('a read that a sign-off overtakes is neither answered nor kept', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref, record } = await givenSession(world.redis, world.namespace)

  world.proxy.hold('answers')
  const deciding = world.guard.decide(cookie)
  await eventually(async () => (await world.reads(ref)) === 1)
  const { sequence } = await signOff(world.redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)
  world.proxy.pass('answers')

  assert.equal(await deciding, { kind: 'none' })
  assert.is(world.guard.stats().entries, 0)
})

test('who comes after a sign-off and shares the read that it has overtaken is refused as well', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref, record } = await givenSession(world.redis, world.namespace)

  world.proxy.hold('answers')
  const before = [world.guard.decide(cookie), world.guard.decide(cookie)]
  await eventually(async () => (await world.reads(ref)) === 1)
  const { sequence } = await signOff(world.redis, world.namespace, { session: record })
  await eventually(() => world.guard.stats().sequence === sequence)
  const after = [world.guard.decide(cookie), world.guard.decide(cookie)]
  assert.is(await world.reads(ref), 1, 'they share one read')
  world.proxy.pass('answers')

  assert.equal(
    (await Promise.all([...before, ...after])).map(({ kind }) => kind),
    ['none', 'none', 'none', 'none'],
  )
})

test('readers who come together ask Redis once', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref } = await givenSession(world.redis, world.namespace)

  const decisions = await Promise.all(Array.from({ length: 20 }, () => world.guard.decide(cookie)))

  assert.ok(decisions.every(({ kind }) => kind === 'session'))
  assert.is(await world.reads(ref), 1)
})

test('a read that was under way when memory was emptied is read again', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, ref } = await givenSession(world.redis, world.namespace)
  const { flushes } = world.guard.stats()
  await world.redis.hdel(world.keys.members, world.guard.instance)

  world.proxy.hold('answers')
  const joining = world.guard.renew()
  const deciding = world.guard.decide(cookie)
  await eventually(async () => (await world.reads(ref)) === 1)
  world.proxy.pass('answers')
  await joining

  assert.is((await deciding).kind, 'session')
  assert.is(world.guard.stats().flushes, flushes + 1)
  assert.is(await world.reads(ref), 2)
})

test('a read whose answer comes after the lease has ended is read again, under a new one', async () => {
  await using world = await givenPatientLookup({ leaseMs: 1_000 })
  const { cookie, ref, record } = await givenSession(world.redis, world.namespace)

  // Without a lease it would ask for one first.
  await eventually(() => world.follower.sayHello())
  world.proxy.hold('answers', 'messages')
  const deciding = world.decide(cookie)
  await eventually(async () => (await world.reads(ref)) === 1)
  await signOff(world.redis, world.namespace, { session: record })
  await eventually(() => !world.follower.mayServe(performance.now()))
  world.proxy.pass('answers')

  assert.equal(await deciding, { kind: 'none' }, 'a bound later it may be confirmed that it is over')
})

test('a read that sign-offs keep overtaking is given up, and nobody is logged out', async () => {
  await using world = await givenPatientLookup({
    leaseMs: 5_000,
    async beforeAnswer() {
      const { sequence } = await signOff(world.redis, world.namespace, { userId: 'grace' })
      await eventually(() => world.follower.state.applied === sequence)
    },
  })
  const { cookie, ref } = await givenSession(world.redis, world.namespace)

  assert.equal(await world.decide(cookie), { kind: 'unavailable' })
  assert.is(await world.reads(ref), 5)
})

test.run()
