import { once } from 'node:events'
import { request } from 'node:http'
import { eventually, serve } from '@curfew/testing'
import Router from '@koa/router'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { correlate } from './correlate.js'
import type { Facts } from './log.js'
import { logRequests } from './log-requests.js'

const test = suite('service: log requests')

test('a finished request is one line, at warn where it was our fault', async () => {
  const { lines, app } = recordingApp()
  await using server = await serve(app.callback())

  await fetch(`${server.url}/receipts/s3cret?token=s3cret`, { headers: { Cookie: 'curfew=s3cret' } })
  await fetch(`${server.url}/broken`)
  await eventually(() => lines.length === 2)

  const [fine, broken] = lines
  assert.is(fine?.level, 'debug')
  assert.is(fine?.event, 'request.finished')
  assert.is(fine?.facts['path'], '/receipts/:capability')
  assert.is(fine?.facts['status'], 200)
  assert.type(fine?.facts['ms'], 'number')
  assert.type(fine?.facts['correlationId'], 'string')
  assert.not.match(JSON.stringify(lines), 's3cret')
  assert.is(broken?.level, 'warn')
  assert.is(broken?.facts['status'], 503)
})

test('a request that its client gave up is marked', async () => {
  const { lines, app } = recordingApp()
  await using server = await serve(app.callback())
  const leaving = new AbortController()

  const asking = fetch(`${server.url}/slow`, { signal: leaving.signal }).catch((error: unknown) => error)
  app.once('slow', () => leaving.abort())
  await asking
  await eventually(() => lines.length === 1)

  assert.is(lines[0]?.facts['aborted'], true)
})

test('a request target that is no path is a line too, and harms nobody', async () => {
  const { lines, app } = recordingApp()
  await using server = await serve(app.callback())

  for (const path of ['http://[::1', '//a@[::1#?token=s3cret']) {
    const asking = request(server.url, { method: 'OPTIONS', path, agent: false }).end()
    const [answer] = await once(asking, 'response')
    answer.resume()
  }
  await eventually(() => lines.length === 2)

  assert.equal(
    lines.map(({ facts }) => facts['path']),
    ['http://[::1', '//a@[::1'],
  )
})

function recordingApp() {
  const lines: { level: string; event: string; facts: Facts }[] = []
  const record =
    (level: string) =>
    (event: string, facts: Facts = {}) =>
      void lines.push({ level, event, facts })
  const log = { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
  const app = new Koa()
  const router = new Router()
    .get('/receipts/:capability', (ctx) => {
      ctx.body = 'receipt'
    })
    .get('/broken', (ctx) => {
      ctx.status = 503
    })
    .get('/slow', async (ctx) => {
      setImmediate(() => app.emit('slow'))
      await new Promise((resolve) => ctx.req.once('close', resolve))
    })
  app.silent = true
  app.use(correlate()).use(logRequests(log)).use(router.routes())
  return { lines, app }
}

test.run()
