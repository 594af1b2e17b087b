import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { type GivenApp, givenApp, type SignedIn } from '../testing/given-app.js'

const test = suite('identity: the list of instances')

const Listed = z.strictObject({
  history: z.string(),
  head: z.number(),
  boundMs: z.number(),
  instances: z.array(
    z.strictObject({
      id: z.string(),
      service: z.string(),
      version: z.string().nullable(),
      state: z.enum(['following', 'lapsed', 'other-history']),
      acknowledged: z.number(),
      lag: z.number().nullable(),
      leaseLeftMs: z.number(),
      leaseMs: z.number(),
    }),
  ),
})

async function list({ browser }: SignedIn) {
  const answer = await browser.fetchApi('/auth/admin/instances')
  assert.is(answer.status, 200, answer.text)
  return Listed.parse(answer.body)
}

/** The row of an instance that said its last hello so long ago, by Redis' clock. */
async function givenRow(
  app: GivenApp,
  id: string,
  wanted: { agoMs?: number; history?: string | null; version?: string },
) {
  const [seconds, microseconds] = await app.redis.time()
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  const { agoMs = 0, history = app.guard.stats().history, ...more } = wanted
  const row = { service: 'projects', history, acknowledged: 0, renewals: 1, leaseMs: 5_000, ...more }
  await app.redis.hset(app.keys.members, id, JSON.stringify({ ...row, renewedAt: now - agoMs }))
}

test('it says who follows, how far, and how much of the lease is left', async () => {
  await using app = await givenApp()
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: {} })

  const { history, head, boundMs, instances } = await list(admin)

  assert.is(history, app.guard.stats().history)
  assert.is(head, 1)
  assert.is(boundMs, 656)
  assert.is(instances.length, 1)
  const [own] = instances
  assert.is(own?.id, app.config.INSTANCE)
  assert.equal([own?.service, own?.state, own?.lag, own?.leaseMs], ['identity', 'following', 0, 600])
  assert.ok(own && own.leaseLeftMs > 0 && own.leaseLeftMs <= 600)
})

// found 2026-11-26: until its next hello it lagged behind what it had just acknowledged
test('what an instance has said that it applied counts before its row says so, in the history of its row', async () => {
  await using app = await givenApp()
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const { history } = app.guard.stats()
  for (const id of ['projects-a', 'projects-b', 'projects-c']) await givenRow(app, id, {})
  const say = (...words: readonly unknown[]) =>
    app.redis.publish(app.keys.channels.acknowledgements, words.join(' '))
  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: {}, headers: { prefer: 'wait=0' } })

  await say('projects-a', history, 1, '[]')
  await say('projects-b', 'another:history', 41, '[]')

  const { instances } = await eventually(async () => {
    const listed = await list(admin)
    return listed.instances.find(({ id }) => id === 'projects-a')?.lag === 0 ? listed : null
  })
  const said = instances.map(({ id, acknowledged, lag }) => `${id} ${acknowledged} ${lag}`).slice(1)
  assert.equal(said, ['projects-a 1 0', 'projects-b 0 1', 'projects-c 0 1'])
})

test('right after a sign-off that everybody has confirmed nobody lags behind', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '12000' } })
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const renewals = async () => {
    const row = await app.redis.hget(app.keys.members, app.config.INSTANCE)
    return row === null ? null : Reflect.get(JSON.parse(row), 'renewals')
  }
  const before = await renewals()

  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: {}, headers: { prefer: 'wait=0' } })
  await eventually(() => app.guard.stats().sequence === 1)
  const [own] = (
    await eventually(async () => {
      const listed = await list(admin)
      return listed.instances.every(({ lag }) => lag === 0) ? listed : null
    })
  ).instances

  assert.equal([own?.acknowledged, await renewals()], [1, before], 'it has not said hello since')
})

test('who has said nothing for a lease has none, and who follows another history counts in that', async () => {
  await using app = await givenApp()
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: { scope: 'others' } })
  await givenRow(app, 'projects-a', { agoMs: 5_001 })
  await givenRow(app, 'projects-b', { agoMs: 1_000, version: '2.4.1' })
  await givenRow(app, 'projects-c', { history: 'the one before' })

  const { boundMs, instances } = await list(admin)

  assert.is(boundMs, 5_100, 'the longest lease decides')
  const said = instances.map(({ id, state, lag }) => `${id} ${state} ${lag}`).slice(1)
  assert.equal(said, ['projects-a lapsed 1', 'projects-b following 1', 'projects-c other-history null'])
  assert.is(instances.find(({ id }) => id === 'projects-a')?.leaseLeftMs, 0)
  assert.equal(
    instances.map(({ version }) => version),
    [null, null, '2.4.1', null],
  )
})

test.run()
