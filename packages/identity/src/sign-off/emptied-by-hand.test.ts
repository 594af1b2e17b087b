import { eventually, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { status } from '../testing/from-outside.js'
import { givenApp } from '../testing/given-app.js'

const test = suite('identity: a Redis that is emptied by hand')

const POST = { method: 'POST', json: {} }

test('emptied by hand: who was blocked stays blocked, and can be found and unblocked', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [mallory, admin] = [await app.login({ subject: 'mallory', name: 'Mallory' }), await app.loginAdmin()]
  const { id } = mallory.record.user
  readReceipt(await admin.browser.fetchApi(`/auth/admin/users/${id}/block`, POST))

  await app.redis.flushall()
  await eventually(async () => Number(await app.redis.get(app.keys.sequence)) > 0)

  assert.is(await outcomeOf(app.login({ subject: 'mallory' })), 'user-blocked')
  const again = await app.loginAdmin()
  const found = await again.browser.fetchApi('/auth/admin/users?query=mallory')
  assert.match(found.text, id)
  assert.is((await again.browser.fetchApi(`/auth/admin/users/${id}/unblock`, POST)).status, 200)
  assert.is(await status(await app.login({ subject: 'mallory' })), 200)
})

// found 2026-11-26: a block that was lifted came back, when everybody was signed off within a minute
test('emptied by hand: who was blocked, and is not any more, signs in again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, admin] = [await app.login(), await app.loginAdmin()]
  const { id } = ada.record.user
  for (const what of ['block', 'unblock']) {
    assert.is((await admin.browser.fetchApi(`/auth/admin/users/${id}/${what}`, POST)).status, 200)
  }

  await app.redis.flushall()
  await eventually(async () => Number(await app.redis.get(app.keys.sequence)) > 0)

  assert.is(await status(await app.login()), 200)
})

test('emptied by hand, in the very moment of a login: the login waits until the blocks are known again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { LEASE_MS: '5000' } })
  const [mallory, admin] = [await app.login({ subject: 'mallory' }), await app.loginAdmin()]
  readReceipt(await admin.browser.fetchApi(`/auth/admin/users/${mallory.record.user.id}/block`, POST))

  await app.redis.flushall()

  const outcome = await eventually(async () => {
    const outcome = await outcomeOf(app.login({ subject: 'mallory' }))
    return outcome === 'store-unavailable' ? null : outcome
  })
  assert.is(outcome, 'user-blocked')
})

test.run()

function outcomeOf(login: Promise<unknown>): Promise<string> {
  return login.then(
    () => 'let in',
    (error: unknown) => String(Reflect.get(Object(error), 'code')),
  )
}
