import { serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { correlate } from './correlate.js'

const test = suite('service: correlate')

test('a well-formed id of the caller is taken over, anything else gets a random one', async () => {
  const app = new Koa().use(correlate()).use((ctx) => {
    ctx.body = ctx.state.correlationId
  })
  await using server = await serve(app.callback())
  const idFor = async (sent?: string) => {
    const answer = await fetch(server.url, {
      headers: sent === undefined ? {} : { 'X-Correlation-Id': sent },
    })
    const id = await answer.text()
    assert.is(answer.headers.get('x-correlation-id'), id)
    return id
  }

  assert.is(await idFor('order-4711.a_b'), 'order-4711.a_b')
  for (const bad of [undefined, 'short', 'x'.repeat(65), 'with space', '"quoted-id"', 'a,b,c,d,e,f']) {
    assert.match(await idFor(bad), /^[0-9a-f-]{36}$/)
  }
})

test.run()
