import { eventually, freshNamespace, givenSession, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, readList } from './testing/given-projects.js'
import { startProjects } from './testing/start-projects.js'

const test = suite('projects: while Redis is away')

const post = (name: string) => ({ method: 'POST', json: { name } })

test('it is 503 and nobody is signed out; afterwards all is as it was', async () => {
  await using server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const redis = new Redis(server.url)
  const ada = await givenSession(redis, namespace)
  redis.disconnect()
  await using service = await startProjects({ namespace, redisUrl: server.url, leaseMs: 400 })
  const browser = await service.browser(ada)
  await browser.fetchApi('/projects', post('Engine'))

  await server.stop()
  const refused = await browser.fetchApi('/projects', post('Lost'))
  assert.is(refused.status, 503)
  assert.is(codeOf(refused), 'store-unavailable')
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  await eventually(() => !service.guard.stats().following)
  const page = await browser.get('/projects')
  assert.is(page.status, 503)
  assert.is(page.headers.get('set-cookie'), null)
  assert.match(page.text, 'still signed in')
  assert.is((await browser.fetchApi('/projects/stream')).status, 503)
  assert.is((await browser.fetchApi('/readyz')).status, 503)
  assert.is((await browser.fetchApi('/healthz')).status, 200)

  await server.restart()
  await eventually(async () => (await browser.fetchApi('/readyz')).status === 200)
  assert.is((await browser.fetchApi('/projects', post('Bell tower'))).status, 201)
  assert.equal(
    readList(await browser.fetchApi('/projects')).map(({ name }) => name),
    ['Bell tower', 'Engine'],
  )
})

test.run()
