import { eventually, startRedis, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt, readUser } from '../testing/answers.js'
import { told } from '../testing/from-outside.js'
import { givenAdmin } from '../testing/given-admin.js'
import { givenApp } from '../testing/given-app.js'

const test = suite('identity: whom an admin blocks')

const POST = { method: 'POST' }
const post = (json: unknown) => ({ method: 'POST', json })

test('who is blocked is out at once, stays out, and the reason is kept', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada, path } = world
  await ada.browser.fetchApi('/auth/session')

  const receipt = readReceipt(
    await admin.browser.fetchApi(`${path}/block`, post({ reason: '  lost laptop ' })),
  )

  assert.is(receipt.event.type, 'user.blocked')
  assert.is(receipt.sessions, 1)
  assert.is(receipt.confirmed, true)
  isProblem(await ada.browser.fetchApi('/auth/session'), 401, 'session-required')
  const { blocked } = readUser(await admin.browser.fetchApi(path))
  assert.is(blocked?.reason, 'lost laptop')
  assert.is(blocked?.by, admin.record.user.id)
  const refused = await app.login().catch((error: unknown) => error)
  assert.is(refused instanceof Error && Reflect.get(refused, 'code'), 'user-blocked')

  const unblocked = await admin.browser.fetchApi(`${path}/unblock`, POST)
  assert.is(unblocked.status, 200)
  assert.is(readUser(unblocked).blocked, null)
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 401)
  assert.is((await (await app.login()).browser.fetchApi('/auth/session')).status, 200)
  isProblem(await admin.browser.fetchApi(`${path}/unblock`, POST), 409, 'conflict')
})

test('who is blocked again while a block is being lifted stays blocked, and the admin is told so', async () => {
  await using server = await startRedis({ appendonly: true })
  await using proxy = await startRedisProxy(server.url)
  await using app = await givenApp({ redisUrl: proxy.url, env: { LEASE_MS: '5000' } })
  const direct = new Redis(server.url)
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const path = `/auth/admin/users/${ada.record.user.id}`
  const block = { at: 1, by: 'another-admin', reason: 'the second' }
  await admin.browser.fetchApi(`${path}/block`, POST)
  const looks = async () =>
    Number(/cmdstat_zcard:calls=(\d+)/.exec(await direct.info('commandstats'))?.[1] ?? 0)
  const before = await looks()

  proxy.hold('answers')
  const answering = admin.browser.fetchApi(`${path}/unblock`, POST)
  await eventually(async () => (await looks()) > before)
  await direct.hset(app.keys.user(ada.record.user.id), 'blocked', JSON.stringify(block))
  proxy.pass('answers')
  const answer = await answering
  direct.disconnect()

  isProblem(answer, 409, 'conflict')
  assert.match(answer.text, 'blocked this user again')
  assert.equal(readUser(await admin.browser.fetchApi(path)).blocked, block)
  assert.not.ok((await told(app)).includes('user.unblocked'))
})

test('a block needs no reason, and takes none that is not one', async () => {
  await using world = await givenAdmin()
  const { admin, ada, path } = world

  for (const reason of ['x'.repeat(501), 7, ['x'], { a: 1 }]) {
    isProblem(await admin.browser.fetchApi(`${path}/block`, post({ reason })), 422, 'invalid-input')
  }
  isProblem(await admin.browser.fetchApi(`${path}/block`, post(['x'])), 422, 'invalid-input')
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)

  for (const json of [{}, { reason: null }, { reason: '   ' }]) {
    assert.is((await admin.browser.fetchApi(`${path}/block`, post(json))).status, 200)
    assert.is(readUser(await admin.browser.fetchApi(path)).blocked?.reason, null)
  }
  assert.is((await admin.browser.fetchApi(`${path}/block`, post({ reason: 'x'.repeat(500) }))).status, 200)
})

test('the reason of a block is kept as one line that nothing turns around', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world
  const reason = 'lost\r\nlaptop \u202Enimda\u0000\uD83D'

  assert.is((await admin.browser.fetchApi(`${path}/block`, post({ reason }))).status, 200)

  const { blocked } = readUser(await admin.browser.fetchApi(path))
  assert.is(blocked?.reason, 'lost laptop nimda \uFFFD')
  assert.is((await app.events()).at(-1)?.type, 'user.blocked')
})

test('nobody blocks themselves', async () => {
  await using world = await givenAdmin()
  const { admin } = world
  const mine = `/auth/admin/users/${admin.record.user.id}`

  isProblem(await admin.browser.fetchApi(`${mine}/block`, POST), 409, 'conflict')

  assert.is(readUser(await admin.browser.fetchApi(mine)).blocked, null)
})

test.run()
