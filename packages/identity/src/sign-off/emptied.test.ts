import { eventually, openHistory } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'

const test = suite('identity: Redis is emptied while a block is being confirmed')

// found 2026-11-26: by the model, "emptied, block"
test('an acknowledgement that arrives afterwards confirms nothing that is not in Redis', async () => {
  await using world = await givenBlock()

  await world.empty()
  await world.redis.publish(world.keys.channels.acknowledgements, world.acknowledgement)
  await eventually(() => world.signedOff.receipt().instances[0]?.state !== 'pending')
  // Behind the question to be witness, on the same connection.
  await world.redis.ping()

  assert.is(world.signedOff.receipt().confirmed, await world.isBlocked())
})

// found 2026-11-26: by the model, "emptied, block"
test('a user whom the new history does not know is blocked there before that is confirmed', async () => {
  await using world = await givenBlock()

  await world.empty()
  await openHistory(world.redis, world.namespace)
  await world.bell.lookAround()
  const { confirmed } = await eventually(() => {
    const receipt = world.signedOff.receipt()
    return receipt.confirmed ? receipt : null
  })

  assert.equal([confirmed, await world.isBlocked()], [true, true])
  assert.ok((await world.users.find(world.signedOffUser.id))?.blocked, 'admins find them')
  assert.is(await world.unblock(world.signedOffUser), 'lifted')
})

test.run()

/** A block for which one instance has not said yet that it has applied it. */
async function givenBlock() {
  const world = await givenIdentity({ leaseMs: 600 })
  const { redis, keys, namespace, signOffs } = world
  await world.settled()
  const { record } = await world.login()
  const history = `${/master_replid:(\w+)/.exec(await redis.info('replication'))?.[1]}:${await redis.hget(keys.history, 'nonce')}`
  const row = { service: 'projects', history, acknowledged: 0, renewals: 1, leaseMs: 600, renewedAt: 0 }
  await redis.hset(keys.members, 'projects-1', JSON.stringify(row))
  const signedOff = await signOffs.block(record.user, ADMIN, null)
  if (signedOff === null) throw new TypeError('there is nobody to block')
  return {
    ...world,
    signedOff,
    signedOffUser: record.user,
    acknowledgement: `projects-1 ${history} ${signedOff.receipt().event.sequence} []`,
    isBlocked: async () => (await redis.hexists(keys.user(record.user.id), 'blocked')) === 1,
    /** FLUSHALL, for our namespace. */
    empty: async () => redis.del(...(await redis.keys(`{${namespace}:*`))),
  }
}
