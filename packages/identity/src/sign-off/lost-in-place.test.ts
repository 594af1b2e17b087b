import { createGuard } from '@curfew/guard'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { isReady } from '../testing/from-outside.js'
import { type GivenApp, givenApp } from '../testing/given-app.js'

// found 2026-11-26: a number that goes back while the history keeps its name was noticed by nobody
const test = suite('identity: sign-offs that are lost without a new history')

const LOGOUT = { method: 'POST', json: {} } as const

async function givenService({ redisUrl, url, namespace, config }: GivenApp) {
  const guard = createGuard({
    redisUrl,
    service: 'projects',
    publicUrl: new URL(url),
    namespace,
    leaseMs: config.LEASE_MS,
  })
  await guard.ready()
  await eventually(() => guard.stats().listening)
  return Object.assign(guard, { [Symbol.asyncDispose]: () => guard.close() })
}

async function givenSignOffs(app: GivenApp) {
  for (const subject of ['x', 'y', 'z']) {
    const { browser } = await app.login({ subject })
    await browser.fetchApi('/auth/logout', LOGOUT)
  }
}

const everyKey = ({ redis, namespace }: GivenApp) => redis.keys(`{${namespace}:*`)

test('where the number is gone nothing is recorded before what is missing is there again', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '4000' } })
  await using service = await givenService(app)
  await givenSignOffs(app)
  const ada = await app.login()
  await eventually(() => service.stats().sequence === 3)
  await service.renew()
  assert.is((await service.decide(ada.cookie)).kind, 'session')
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)

  await app.redis.del(app.keys.sequence, app.keys.signoffs)
  const receipt = await eventually(async () => {
    const answer = await ada.browser.fetchApi('/auth/logout', LOGOUT)
    return answer.status === 200 ? readReceipt(answer) : null
  })
  assert.is(receipt.confirmed, true)
  assert.is(receipt.event.sequence, 4)
  assert.is((await service.decide(ada.cookie)).kind, 'none')
})

test('emptied key by key, its history first, it is noticed, and everybody can sign in again', async () => {
  await using app = await givenApp()
  await using service = await givenService(app)
  await givenSignOffs(app)
  await eventually(() => service.stats().sequence === 3)
  const keys = await everyKey(app)
  const before = service.stats().history
  await app.redis.del(app.keys.history)
  await eventually(async () => (await service.renew()) && service.stats().history !== before)

  await app.redis.del(...keys.filter((key) => key !== app.keys.history))

  const isServed = async () => (await service.decide((await app.login()).cookie)).kind === 'session'
  await eventually(() => isServed().catch(() => false), { within: 10_000 })
  await isReady(app)
})

test('an older copy that is imported key by key, which restarts nothing, lets nobody in who was blocked', async () => {
  await using app = await givenApp()
  await using service = await givenService(app)
  await givenSignOffs(app)
  const [ada, admin] = [await app.login(), await app.loginAdmin()]
  const copied = await Promise.all(
    (await everyKey(app)).map(
      async (key) => [key, await app.redis.dumpBuffer(key), Math.max(0, await app.redis.pttl(key))] as const,
    ),
  )
  // What background work has removed since the keys were listed is not in it.
  const copy = copied.filter(([, value]) => value !== null)
  const block = `/auth/admin/users/${ada.record.user.id}/block`
  assert.is(readReceipt(await admin.browser.fetchApi(block, { method: 'POST' })).confirmed, true)

  await app.redis.del(...(await everyKey(app)))
  for (const [key, value, ttl] of copy) await app.redis.restore(key, ttl, value, 'REPLACE')
  await service.renew()

  await using newcomer = await givenService(app)
  assert.is((await newcomer.decide(ada.cookie)).kind, 'none')
  // Who was signed in may have to sign in again: while the copy comes in, more may get lost than can be recorded again.
  const isServed = async () =>
    (await service.decide((await app.login({ subject: 'grace' })).cookie)).kind === 'session'
  await eventually(isServed, { within: 10_000 })
  assert.is((await service.decide(ada.cookie)).kind, 'none')
})

test.run()
