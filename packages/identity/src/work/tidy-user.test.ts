import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { tidyUser } from './tidy-user.js'
import { LeftToAnother } from './wait-for-another.js'

const test = suite('identity: what an increment left behind')

// found 2026-11-27: an older identity removed it, and the tokens stayed good at the provider; then one held back all others
test('a record of a newer identity stays until that one tidies it up, and holds none of the others back', async () => {
  await using world = await givenIdentity()
  const { keys, redis, signOffs } = world
  const logins = [await world.login(), await world.login(), await world.login()]
  const [before, newer, behind] = logins.map(({ record }) => record.ref)
  const { user } = logins[0]!.record
  const json = String(await redis.get(keys.session(newer!)))
  await signOffs.endUser(user, ADMIN, { reason: 'admin' })
  await redis.set(keys.session(newer!), json.replace('"v":1', '"v":2'))
  const later = (await world.login({ beganAtSequence: Number(await redis.get(keys.sequence)) })).record.ref
  await signOffs.endUser(user, ADMIN, { reason: 'admin' })
  const ended: string[] = []
  const tidy = () => tidyUser(world, user.id, async (some) => void ended.push(...some.map((one) => one.ref)))

  for (let time = 0; time < 2; time++) assert.instance(await tidy().catch((error) => error), LeftToAnother)
  assert.equal(ended.toSorted(), [before, behind, later].toSorted())
  assert.is(await redis.exists(keys.session(before!), keys.session(behind!), keys.session(later)), 0)
  assert.is(await redis.exists(keys.session(newer!)), 1)
  // As the newer one reads it.
  await redis.set(keys.session(newer!), json)
  await tidy()

  assert.is(ended.at(-1), newer)
  assert.is(await redis.exists(keys.session(newer!)), 0)
})

test('what stands behind more of them than are read in one go is tidied up', async () => {
  await using world = await givenIdentity()
  const { keys, redis } = world
  const { ref, user } = (await world.login()).record
  await world.signOffs.endUser(user, ADMIN, { reason: 'admin' })
  for (let i = 0; i < 150; i++) {
    await redis.set(keys.session(`newer-${i}`), '{"v":2}')
    await redis.zadd(keys.endedOf(user.id, 1), i, `newer-${i}`)
  }
  const ended: string[] = []

  const left = await tidyUser(
    world,
    user.id,
    async (some) => void ended.push(...some.map((one) => one.ref)),
  ).catch((error) => error)

  assert.instance(left, LeftToAnother)
  assert.equal(ended, [ref])
  assert.is(await redis.zcard(keys.endedOf(user.id, 1)), 150)
})

test.run()
