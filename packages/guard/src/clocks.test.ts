import { eventually, givenSession } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: clocks')

const HOUR_MS = 3_600_000

for (const [way, byMs] of [
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
] as const) {
  test(`a wall clock that is set ${way} costs a renewal, and nothing more`, async () => {
    await using world = await givenGuardBehindProxy()
    const { cookie, ref } = await givenSession(world.redis, world.namespace)
    await world.guard.decide(cookie)
    const { flushes } = world.guard.stats()

    using _ = setWallClock(byMs)
    assert.not.ok(world.guard.stats().following, 'until it is renewed nothing is answered from memory')
    // found 2026-11-26: nearly all of it was said to be left
    assert.is(world.guard.stats().leaseLeftMs, 0)
    const decision = await world.guard.decide(cookie)

    assert.is(decision.kind, 'session')
    assert.is(world.guard.stats().flushes, flushes + 1, 'the machine might have slept')
    assert.not.instance(world.guard.decide(cookie), Promise)
    assert.is(await world.reads(ref), 2)
  })
}

test('a wall clock that is set while Redis can’t be asked: nothing is decided, and nobody is logged out', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 1_000 })
  const { cookie } = await givenSession(world.redis, world.namespace)
  await world.guard.decide(cookie)
  world.proxy.hold('commands')

  {
    using _ = setWallClock(HOUR_MS)
    assert.equal(await world.guard.decide(cookie), { kind: 'unavailable' })
  }
  world.proxy.pass('commands')

  await eventually(async () => (await world.guard.decide(cookie)).kind === 'session')
})

test('a wall clock that is corrected by a little costs nothing', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie } = await givenSession(world.redis, world.namespace)
  await world.guard.decide(cookie)
  const { flushes } = world.guard.stats()

  using _ = setWallClock(500)
  assert.not.instance(world.guard.decide(cookie), Promise)
  await world.guard.renew()

  assert.is(world.guard.stats().flushes, flushes)
  assert.not.instance(world.guard.decide(cookie), Promise)
})

test('a machine that slept empties memory, since its monotonic clock stood still while sessions expired', async () => {
  await using world = await givenGuardBehindProxy()
  const { cookie, record } = await givenSession(world.redis, world.namespace, { user: 'ada' })
  const other = await givenSession(world.redis, world.namespace, { user: 'grace' })
  for (const one of [cookie, other.cookie]) await world.guard.decide(one)
  const ends: string[] = []
  world.guard.hold(record, (end) => ends.push(end))

  // It expired, for everybody who was awake.
  await world.redis.del(world.keys.session(record.ref))
  using _ = setWallClock(HOUR_MS)
  await world.guard.renew()

  assert.equal(ends, ['recheck'])
  assert.is(world.guard.stats().entries, 0)
  assert.equal(await world.guard.decide(cookie), { kind: 'none' })
  assert.is((await world.guard.decide(other.cookie)).kind, 'session')
})

test.run()

/** For the rest of its scope the wall clock of this process shows another time. */
function setWallClock(byMs: number): Disposable {
  const rightly = Date.now
  Date.now = () => rightly() + byMs
  return {
    [Symbol.dispose]() {
      Date.now = rightly
    },
  }
}
