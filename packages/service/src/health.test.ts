import type { RequestListener } from 'node:http'
import { serve } from '@curfew/testing'
import Router from '@koa/router'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { reportHealth } from './health.js'
import { createMetrics, measureRequests } from './metrics.js'

const test = suite('service: health')

test('alive is one thing, ready another', async () => {
  let state: true | string = 'Redis is away.'
  await using server = await serve(app(async () => state))

  assert.is((await fetch(`${server.url}/healthz`)).status, 200)
  const notReady = await fetch(`${server.url}/readyz`)
  assert.is(notReady.status, 503)
  assert.is(notReady.headers.get('retry-after'), '2')
  assert.equal(await notReady.json(), { status: 'not-ready', reason: 'Redis is away.' })

  state = true
  const ready = await fetch(`${server.url}/readyz`)
  assert.is(ready.status, 200)
  assert.is(ready.headers.get('cache-control'), 'no-store')
})

test('a readiness that can not be told is none', async () => {
  await using server = await serve(app(() => Promise.reject(new Error('Connection is closed.'))))

  const answer = await fetch(`${server.url}/readyz`)

  assert.is(answer.status, 503)
  assert.equal(await answer.json(), { status: 'not-ready', reason: 'Connection is closed.' })
})

test('requests are measured by the pattern of their route, so that series stay few', async () => {
  await using server = await serve(app(async () => true))
  for (const path of ['/things/1', '/things/2', '/nothing/1', '/nothing/2']) await fetch(server.url + path)
  await fetch(`${server.url}/things/3`, { method: 'PURGE' })

  const answer = await fetch(`${server.url}/metrics`)
  const text = await answer.text()

  assert.match(answer.headers.get('content-type') ?? '', 'text/plain')
  assert.match(
    text,
    /http_request_duration_seconds_count\{.*method="GET",route="\/things\/:id",status="200".*\} 2/,
  )
  assert.match(text, /http_request_duration_seconds_count\{.*method="GET",route="none",status="404".*\} 2/)
  assert.match(text, 'method="other"')
  assert.match(text, /process_cpu_seconds_total\{service="thing"\}/)
  assert.not.match(text, '/metrics')
})

test('two services in one process keep their metrics apart', () => {
  const [one, other] = [createMetrics('one'), createMetrics('other')]

  assert.is.not(one.registry, other.registry)
})

function app(ready: () => Promise<true | string>): RequestListener {
  const metrics = createMetrics('thing')
  const router = new Router().get('/things/:id', (ctx) => {
    ctx.body = 'thing'
  })
  return new Koa()
    .use(reportHealth({ ready, metrics }))
    .use(measureRequests(metrics))
    .use(router.routes())
    .callback()
}

test.run()
