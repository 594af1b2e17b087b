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
