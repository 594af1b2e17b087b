import { fork } from 'node:child_process'
import { once } from 'node:events'
import { boundMs } from '@curfew/contract'
import { eventually, redisUrl, startRedisProxy } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'

const test = suite('identity: killed between recording and confirming')

const LEASE_MS = 1_000

test('the next identity answers the same event, and confirms it', async () => {
  await using world = await given()
  const { cookie, record } = await world.login()
  await world.cutOff.decide(cookie)
  world.proxy.hold('commands', 'answers', 'messages')

  const { receipt } = await signOffAndDie(world.namespace, record.ref)
  assert.is(receipt.confirmed, false)
  const again = await world.signOffs.endSession(record, 'logged-out', ADMIN)
  const confirmed = await again?.within()

  assert.equal(confirmed?.event, receipt.event)
  assert.is(confirmed?.confirmed, true)
  assert.is(confirmed?.instances.find(({ id }) => id === world.cutOff.instance)?.state, 'lapsed')
  assert.equal(await world.logged(), ['session.created', 'session.revoked'])
  assert.equal(await world.cutOff.decide(cookie), { kind: 'unavailable' })
})

test('though nobody follows it any more, the session is dead everywhere a bound after it was recorded', async () => {
  await using world = await given()
  const { cookie, record } = await world.login()
  await world.cutOff.decide(cookie)
  await world.guard.decide(cookie)
  world.proxy.hold('commands', 'answers', 'messages')

  const { recordedAt } = await signOffAndDie(world.namespace, record.ref)
  await eventually(() => world.guard.stats().sequence === 1)
  assert.equal(await world.guard.decide(cookie), { kind: 'none' }, 'who can hear hears of it all the same')
  await eventually(() => performance.now() > recordedAt + boundMs(LEASE_MS))

  assert.equal(await world.cutOff.decide(cookie), { kind: 'unavailable' })
  world.proxy.pass('commands', 'answers', 'messages')
  await eventually(async () => (await world.cutOff.decide(cookie)).kind === 'none')
})

test.run()

/** Two services, one of which can be cut off from Redis. */
async function given() {
  const world = await givenIdentity({ leaseMs: LEASE_MS })
  const proxy = await startRedisProxy(await redisUrl())
  return {
    ...world,
    proxy,
    guard: await world.mountGuard(),
    cutOff: await world.mountGuard({ redisUrl: proxy.url }),
    async [Symbol.asyncDispose]() {
      proxy.pass('commands', 'answers', 'messages')
      await world[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

/** Another identity signs the session off, and is killed as soon as that is recorded. */
async function signOffAndDie(namespace: string, ref: string) {
  const file = new URL('../testing/sign-off-process.js', import.meta.url)
  const child = fork(file, [await redisUrl(), namespace, String(LEASE_MS), ref])
  const [told] = await once(child, 'message')
  const recordedAt = performance.now()
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  return {
    recordedAt,
    receipt: readReceipt({ status: 200, headers: new Headers(), text: JSON.stringify(told) }),
  }
}
