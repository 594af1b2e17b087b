import { serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ServiceError } from './errors.js'
import { requireSameOrigin } from './same-origin.js'

const test = suite('service: same origin')

const publicUrl = new URL('https://curfew.example')

test('a change needs the proof that it comes from our pages', async () => {
  await using server = await serve(app().callback())
  const post = (headers: Record<string, string>, path = '/') => send(server.url, 'POST', headers, path)

  assert.is(await post({ Origin: 'https://curfew.example' }), 200)
  assert.is(await post({ 'Sec-Fetch-Site': 'same-origin' }), 200)
  // The process's own port, opened directly in development: the browser vouches for it.
  assert.is(await post({ Origin: 'http://localhost:4011', 'Sec-Fetch-Site': 'same-origin' }), 200)
  assert.is(await post({ 'X-Curfew': '1' }), 200)

  for (const foreign of [
    {},
    { 'X-Curfew': '' },
    { Origin: 'null' },
    { Origin: 'https://evil.example' },
    { Origin: 'https://curfew.example.evil.example' },
    { Origin: 'http://curfew.example' },
    { Origin: 'https://curfew.example:444' },
    { Origin: 'https://evil.example', 'X-Curfew': '1' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'cross-site', 'X-Curfew': '1' },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
  ] satisfies Record<string, string>[]) {
    assert.is(await post(foreign), 403, JSON.stringify(foreign))
  }
})

test('every method that changes is asked, none that reads', async () => {
  await using server = await serve(app().callback())

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    assert.is(await send(server.url, method, {}), 403, method)
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.is(await send(server.url, method, {}), 200, method)
})

test('an exempt path is compared as a whole', async () => {
  await using server = await serve(app(['/auth/introspect']).callback())

  assert.is(await send(server.url, 'POST', {}, '/auth/introspect'), 200)
  assert.is(await send(server.url, 'POST', {}, '/auth/introspect/x'), 403)
  assert.is(await send(server.url, 'POST', {}, '//auth/introspect'), 403)
})

function app(exempt?: readonly string[]): Koa {
  return new Koa()
    .use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'origin-not-proven') throw error
        ctx.status = error.status
      }
    })
    .use(requireSameOrigin(publicUrl, exempt))
    .use((ctx) => {
      ctx.body = 'done'
    })
}

async function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  path = '/',
): Promise<number> {
  return (await fetch(url + path, { method, headers })).status
}

test.run()
