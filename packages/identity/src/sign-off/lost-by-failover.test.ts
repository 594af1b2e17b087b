import { eventually, openHistory } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { status, told } from '../testing/from-outside.js'
import { givenApp } from '../testing/given-app.js'

const test = suite('identity: a sign-off that a failover loses')

const POST = { method: 'POST', json: {} }

// found 2026-11-26: what had got lost could not be recorded again any more, since its number was given to another one
test('a failover that loses a sign-off which nobody was promised signs nobody else out', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '5000' } })
  const { redis, keys } = app
  const [ada, grace, bob] = [
    await app.login(),
    await app.login({ subject: 'grace' }),
    await app.login({ subject: 'bob' }),
  ]
  assert.is(await status(bob), 200)
  const head = Number(await redis.get(keys.sequence))
  await ada.browser.fetchApi('/auth/logout', { ...POST, headers: { prefer: 'wait=0' } })
  await eventually(() => app.guard.stats().sequence === head + 1)
  await redis
    .multi()
    .set(keys.sequence, head)
    .del(keys.ended(ada.record.family), keys.signoffs)
    .hset(keys.history, 'nonce', 'promoted')
    .exec()
  // By a service whose lease still runs, and which has not heard of it.
  const history = await openHistory(redis, app.namespace)

  await bob.browser.fetchApi('/auth/logout', POST)
  await eventually(() => app.guard.stats().history === history, { within: 15_000 })

  assert.is(await status(grace), 200)
  assert.not((await told(app)).includes('everyone.logged-out'))
})

test.run()
