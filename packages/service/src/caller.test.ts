import { serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { callerOf } from './caller.js'
import { correlate } from './correlate.js'

const test = suite('service: caller')

test('where a request comes from is told in short', async () => {
  const app = new Koa().use(correlate()).use((ctx) => {
    ctx.body = callerOf(ctx)
  })
  await using server = await serve(app.callback())
  const headers = { 'User-Agent': 'x'.repeat(8_000), 'X-Correlation-Id': 'order-4711' }

  const { ip, ...told } = JSON.parse(await (await fetch(server.url, { headers })).text())

  assert.match(ip, /127\.0\.0\.1|::1/)
  assert.equal(told, { userAgent: 'x'.repeat(512), correlationId: 'order-4711' })
})

test.run()
