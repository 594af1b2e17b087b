import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { tidyUser } from './tidy-user.js'

const test = suite('identity: what an increment left behind')

// found 2026-11-27: an older identity removed it, and the tokens stayed good at the provider
test('a record of a newer identity stays until that one tidies it up', async () => {
  await using world = await givenIdentity()
  const { ref, user } = (await world.login()).record
  const json = String(await world.redis.get(world.keys.session(ref)))
  await world.signOffs.endUser(user, ADMIN, { reason: 'admin' })
  await world.redis.set(world.keys.session(ref), json.replace('"v":1', '"v":2'))
  const ended: string[] = []
  const tidy = () => tidyUser(world, user.id, async (some) => void ended.push(...some.map((one) => one.ref)))

  assert.match(String(await tidy().catch(String)), 'of a version that is not known here')
  assert.equal(ended, [])
  // As the newer one reads it.
  await world.redis.set(world.keys.session(ref), json)
  await tidy()

  assert.equal(ended, [ref])
  assert.is(await world.redis.exists(world.keys.session(ref)), 0)
})

test.run()
