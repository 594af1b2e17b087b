import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenIdentity } from '../testing/given-identity.js'
import { tidyEveryone } from '../work/tidy-everyone.js'
import { LeftToAnother } from '../work/wait-for-another.js'

const test = suite('identity: lists of sessions whose record is gone')

type World = Awaited<ReturnType<typeof givenIdentity>>

// found 2026-11-27: they stayed in the list, and were counted, for ever
test('what ran out while identity was away is swept from the list of its user, and tells nothing', async () => {
  await using world = await givenIdentity()
  const [gone, grace] = [await world.login(), await world.login({ subject: 'grace' })]
  const stays = await world.login()
  for (const { record } of [gone, grace]) await runOut(world, record.ref)

  assert.is(await world.sessions.sweepExpired(), 0)

  assert.equal(await listed(world, stays.record.user.id), [stays.record.ref])
  assert.equal(await listed(world, grace.record.user.id), [])
  assert.equal(await world.redis.zrange(world.keys.expiries, '0', '-1'), [stays.record.ref])
  assert.equal(await world.redis.zrange(world.keys.seen, '0', '-1'), [stays.record.ref])
  assert.is((await world.logged()).includes('session.expired'), false)
})

// found 2026-11-27: a new era ended them, and they stayed all the same
test('after everybody’s sign-off they leave the lists, too', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.redis.del(world.keys.session(record.ref))
  await world.endEveryone()

  await tidyEveryone(world, async (ended) => assert.equal(ended, [], 'nothing is known of it'))

  assert.equal(await listed(world, record.user.id), [])
})

// found 2026-11-27: an older identity took it off the index of what expires, so that its end was never told
test('records of a newer identity are left to that one, and what comes behind them is swept', async () => {
  await using world = await givenIdentity({ idleTtlMs: 1 })
  const newer: string[] = []
  for (let i = 0; i < 100; i++) newer.push(await loginOfNewer(world))
  await world.login()

  await eventually(async () => (await world.sessions.sweepExpired()) === 1)

  const { keys, redis } = world
  assert.equal((await redis.zrange(keys.expiries, '0', '-1')).toSorted(), newer.toSorted())
  assert.is(await redis.zcount(keys.expiries, '-inf', Date.now()), 0, 'they are looked at again later')
  const [user = ''] = await redis.zrange(keys.users, '0', '-1')
  assert.equal((await listed(world, user)).toSorted(), newer.toSorted())
})

// found 2026-11-27: all of them were held in memory, and counted over anew for each hundred
test('of very many that ran out a sweep clears some thousands, and the next one goes on', async () => {
  await using world = await givenIdentity()
  const { keys, redis } = world
  const { record } = await world.login()
  await runOut(world, record.ref)
  const others = Array.from({ length: 5_000 }, (_, i) => [i + 2, `gone-${i}`])
  await redis.zadd(keys.expiries, ...others.flat())

  await world.sessions.sweepExpired()
  assert.is(await redis.zcard(keys.expiries), 1)
  assert.equal(await listed(world, record.user.id), [])
  await world.sessions.sweepExpired()
  assert.is(await redis.zcard(keys.expiries), 0)
})

// found 2026-11-27: they were left to nobody
test('after everybody’s sign-off they wait for a newer identity, and what is known goes', async () => {
  await using world = await givenIdentity()
  const { keys, redis } = world
  const newer = await loginOfNewer(world)
  const { ref, user } = (await world.login()).record
  await world.endEveryone()
  const ended: string[] = []
  const tidy = () => tidyEveryone(world, async (some) => void ended.push(...some.map((one) => one.ref)))

  assert.instance(await tidy().catch((error) => error), LeftToAnother)
  assert.equal(ended, [ref])
  assert.equal(await listed(world, user.id), [newer])
  // As the newer one reads it.
  const json = await redis.get(keys.session(newer))
  await redis.set(keys.session(newer), String(json).replace('"v":2', '"v":1'))
  await tidy()

  assert.equal(ended, [ref, newer])
  assert.equal(await listed(world, user.id), [])
})

test.run()

/** As Redis does it with a record that nobody swept in time. */
async function runOut({ redis, keys }: World, ref: string): Promise<void> {
  await redis.del(keys.session(ref))
  await redis.zadd(keys.expiries, 1, ref)
}

async function listed({ redis, keys }: World, userId: string): Promise<string[]> {
  return redis.zrange(keys.sessionsOf(userId), '0', '-1')
}

/** Long due, and said in a way that nobody knows yet. */
async function loginOfNewer({ redis, keys, login }: World): Promise<string> {
  const { ref } = (await login()).record
  const json = await redis.get(keys.session(ref))
  await redis.set(keys.session(ref), String(json).replace('"v":1', '"v":2'))
  await redis.zadd(keys.expiries, 1, ref)
  return ref
}
