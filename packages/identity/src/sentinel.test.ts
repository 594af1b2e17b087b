import { eventually, startSentinel } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { askRedis } from './durability/ask-redis.js'
import { shortcomingsOf } from './durability/shortcomings.js'
import { isProblem, readReceipt } from './testing/answers.js'
import { isReady, status } from './testing/from-outside.js'
import { givenApp } from './testing/given-app.js'

const test = suite('identity: over a master that Sentinels watch')

const POST = { method: 'POST', json: {} }

test('a failover signs nobody out, and nobody in; with a replica missing nothing is confirmed', async () => {
  await using system = await startSentinel({ advised: true })
  await using app = await givenApp({ redisUrl: system.url, env: { REDIS_REPLICAS: '2', LEASE_MS: '1000' } })
  assert.equal(shortcomingsOf(await askRedis(app.redis), { replicas: 2, isLocal: false }), {
    lasting: [],
    passing: [],
  })
  const [ada, grace, edda] = [
    await app.login(),
    await app.login({ subject: 'grace' }),
    await app.login({ subject: 'edda' }),
  ]
  const before = readReceipt(await ada.browser.fetchApi('/auth/logout', POST))
  assert.is(before.confirmed, true)

  const master = await system.master()
  await master.kill()
  await system.failedOver(master)
  await isReady(app, { within: 20_000 })

  await ada.browser.setCookie(`${ada.cookie}; Path=/`)
  assert.is(await status(ada), 401)
  assert.is(await status(grace), 200)
  const refused = await grace.browser.fetchApi('/auth/logout', POST)
  isProblem(refused, 503, 'store-unavailable')
  assert.is(refused.headers.get('set-cookie'), null)

  await master.restart()
  await system.replicated()
  const after = await eventually(
    async () => {
      const answer = await edda.browser.fetchApi('/auth/logout', POST)
      return answer.status === 503 ? null : readReceipt(answer)
    },
    { within: 15_000 },
  )
  assert.is(after.confirmed, true)
})

test.run()
