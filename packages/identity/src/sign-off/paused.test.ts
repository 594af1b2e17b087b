import { eventually, redisUrl, startRedisProxy } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { startGuardedService } from '../testing/guarded-service.js'

const test = suite('identity: sign-offs while an instance is paused')

const LEASE_MS = 800

for (const [where, isCutOff, allowed] of [
  ['which is cut off from Redis', true, new Set([503])],
  ['which still reaches Redis', false, new Set([401, 503])],
] as const) {
  test(`a request that waits when a paused instance wakes up, ${where}, is not answered from memory`, async () => {
    await using world = await given()
    const { cookie, record } = await world.login()
    assert.equal([await world.service.ask(cookie), await world.service.ask(cookie)], [200, 200])

    world.service.pause()
    if (isCutOff) world.proxy.hold('commands', 'answers', 'messages')
    const signedOff = await world.signOffs.endSession(record, 'logged-out', ADMIN)
    const waiting = [await world.service.send(cookie), await world.service.send(cookie)]
    const receipt = await signedOff?.within()
    const late = await world.service.send(cookie)
    world.service.resume()

    assert.is(receipt?.confirmed, true)
    assert.is(receipt?.instances.find(({ id }) => id === world.service.instance)?.state, 'lapsed')
    const statuses = await Promise.all([...waiting, late].map(({ answer }) => answer))
    assert.equal(
      statuses.filter((status) => !allowed.has(status)),
      [],
    )
    world.proxy.pass('commands', 'answers', 'messages')
    await eventually(async () => (await world.service.ask(cookie)) === 401)
  })
}

test('an instance that was paused for less than its lease, and not signed off, goes on from memory', async () => {
  await using world = await given()
  const { cookie } = await world.login()
  await world.service.ask(cookie)

  world.service.pause()
  const waiting = await world.service.send(cookie)
  world.service.resume()

  assert.is(await waiting.answer, 200)
})

test.run()

/** A service in a process of its own, the way of which to Redis can be held up, and which identity believes in. */
async function given() {
  const world = await givenIdentity({ leaseMs: LEASE_MS })
  const proxy = await startRedisProxy(await redisUrl())
  const service = await startGuardedService({
    redisUrl: proxy.url,
    namespace: world.namespace,
    leaseMs: LEASE_MS,
  })
  await world.settled()
  return {
    ...world,
    proxy,
    service,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}
