import { eventually, givenSession, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuardBehindProxy, givenPatientLookup } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: renewals')

test('a renewal that is answered a lease late gives no lease', async () => {
  await using world = await givenPatientLookup({ leaseMs: 300 })
  const { follower, proxy } = world

  proxy.hold('answers')
  const sentAt = performance.now()
  const renewing = follower.sayHello()
  await eventually(() => performance.now() > sentAt + 300)
  proxy.pass('answers')

  assert.is(await renewing, false)
  assert.not.ok(follower.mayServe(performance.now()))
})

test('a renewal that is answered late gives what is left since it was sent', async () => {
  await using world = await givenPatientLookup({ leaseMs: 10_000 })
  const { follower, proxy } = world

  proxy.hold('answers')
  const sentAt = performance.now()
  const renewing = follower.sayHello()
  await eventually(() => performance.now() > sentAt + 500)
  proxy.pass('answers')

  assert.is(await renewing, true)
  assert.ok(follower.mayServe(performance.now()))
  assert.ok(follower.leaseLeftMs <= 9_500, `${follower.leaseLeftMs} ms are left`)
})

test('a guard gives a renewal up that takes longer than half a lease, and takes another connection', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 800 })

  world.proxy.hold('answers')
  await eventually(() => !world.guard.stats().connected)
  world.proxy.pass('answers')

  await eventually(() => world.guard.stats().following && world.guard.stats().connected)
})

test('what was missed is applied before a renewal gives more time', async () => {
  await using world = await givenPatientLookup({ leaseMs: 60_000 })
  const { follower, proxy } = world
  const { cookie, record } = await givenSession(world.redis, world.namespace)
  await world.decide(cookie)
  proxy.lose('messages')
  const { sequence } = await signOff(world.redis, world.namespace, { session: record })
  assert.is((await world.decide(cookie)).kind, 'session', 'under the lease from before')
  const told: unknown[] = []
  follower.onSignOff(async (what) => {
    told.push([what === 'everything' ? what : what.sequence, (await world.decide(cookie)).kind])
  })

  assert.ok(await follower.sayHello())

  assert.is((await world.decide(cookie)).kind, 'none')
  await eventually(() => told.length > 0)
  assert.equal(told, [[sequence, 'none']])
})

// found 2026-11-27: while the first of two missed sign-offs was told, the lease ran again, and the other was not applied yet
test('nobody is answered from memory while what was missed is being told', async () => {
  await using world = await givenPatientLookup({ leaseMs: 1_000 })
  const { follower, proxy } = world
  const one = await givenSession(world.redis, world.namespace)
  const other = await givenSession(world.redis, world.namespace, { user: 'grace' })
  for (const { cookie } of [one, other]) await world.decide(cookie)
  proxy.lose('messages')
  for (const { record } of [one, other]) await signOff(world.redis, world.namespace, { session: record })
  await eventually(() => !follower.mayServe(performance.now()))
  const answers: unknown[] = []
  follower.onSignOff(() => void answers.push(world.decide(other.cookie)))

  await eventually(() => follower.sayHello())

  assert.is(answers.length, 2)
  for (const answer of answers) assert.instance(answer, Promise, 'Redis is asked')
  await Promise.all(answers)
})

test('without a lease nobody is answered from memory: Redis is asked, or nothing is decided', async () => {
  await using world = await givenPatientLookup({ leaseMs: 1_000 })
  const { cookie, ref } = await givenSession(world.redis, world.namespace)
  await world.decide(cookie)
  await eventually(() => world.follower.sayHello())
  assert.not.instance(world.decide(cookie), Promise)
  await eventually(() => !world.follower.mayServe(performance.now()))

  assert.is((await world.decide(cookie)).kind, 'session')
  assert.is(await world.reads(ref), 2)
  await eventually(() => !world.follower.mayServe(performance.now()))
  world.proxy.hold('commands')
  world.proxy.cut()

  assert.equal(await world.decide(cookie), { kind: 'unavailable' })
})

test.run()
