import { redisUrl, rejects, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'

const test = suite('identity: lifting a block')

// found 2026-11-26: it lifted whatever block there was when it arrived
test('an unblocking that was given up, and arrives late, lifts no block that was confirmed meanwhile', async () => {
  await using world = await given()
  const { signOffs, proxy } = world
  // From now on Redis knows the script, so that lifting a block is one command.
  await signOffs.block(world.user, ADMIN, null)
  await world.behind.unblock(await world.find(), ADMIN)
  await signOffs.block(world.user, ADMIN, 'the first')
  const seen = await world.find()

  proxy.hold('commands')
  await assertGivenUp(world.behind.unblock(seen, ADMIN))
  const signedOff = await signOffs.block(seen, ADMIN, 'the second')
  const receipt = await signedOff?.within()
  proxy.pass('commands')
  await world.behindRedis.ping()

  assert.is(receipt?.confirmed, true)
  assert.is((await world.find()).blocked?.reason, 'the second')
  await rejects(world.login({ beganAtSequence: 99 }), 'user-blocked')
  assert.is((await world.logged()).at(-1), 'user.blocked', 'the log tells of nothing that did not happen')
})

test('whoever has been blocked anew since it was decided stays blocked, and it is said', async () => {
  await using world = await given()
  const { signOffs } = world
  await signOffs.block(world.user, ADMIN, 'the first')
  const seen = await world.find()
  await signOffs.block(seen, ADMIN, 'the second')

  assert.is(await signOffs.unblock(seen, ADMIN), 'blocked anew')
  assert.is((await world.find()).blocked?.reason, 'the second')

  assert.is(await signOffs.unblock(await world.find(), ADMIN), 'lifted')
  assert.is((await world.find()).blocked, null)
})

test('repeated, since its answer was lost, it finds nothing to lift, and is in the log once', async () => {
  await using world = await given()
  const { signOffs, proxy } = world
  await signOffs.block(world.user, ADMIN, null)
  const seen = await world.find()
  await world.behindRedis.ping()

  proxy.hold('answers')
  await assertGivenUp(world.behind.unblock(seen, ADMIN))
  proxy.pass('answers')

  assert.is(await world.behind.unblock(seen, ADMIN), 'not blocked')
  assert.is(await signOffs.unblock(await world.find(), ADMIN), 'not blocked')
  assert.equal(await world.logged(), ['session.created', 'user.blocked', 'user.unblocked'])
})

test.run()

/** Somebody, and besides the identity that is well one whose way to Redis can be held up. */
async function given() {
  const world = await givenIdentity()
  const proxy = await startRedisProxy(await redisUrl())
  const behindRedis = new Redis(proxy.url, { commandTimeout: 1_000 })
  const { users } = world
  const behind = world.signOffsWith({
    redis: behindRedis,
    recordDurably: async () => assert.unreachable('nobody is signed off'),
  })
  const { record } = await world.login()
  await behindRedis.ping()
  return {
    ...world,
    user: record.user,
    proxy,
    behind,
    behindRedis,
    async find() {
      const user = await users.find(record.user.id)
      if (user === null) throw new TypeError('there is such a user')
      return user
    },
    async [Symbol.asyncDispose]() {
      behindRedis.disconnect()
      await proxy[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

async function assertGivenUp(unblocked: Promise<unknown>): Promise<void> {
  const error = await unblocked.then(
    () => null,
    (error: unknown) => error,
  )
  assert.match(String(error), 'Command timed out')
}
