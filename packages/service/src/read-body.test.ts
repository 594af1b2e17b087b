import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { deferred, serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { ServiceError } from './errors.js'
import { parseInput, readBody } from './read-body.js'

const test = suite('service: read body')

const JSON_TYPE = { 'Content-Type': 'application/json' }
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' }

test('JSON and forms are read', async () => {
  assert.equal(await send('{"a":[1]}', JSON_TYPE), { body: { a: [1] } })
  assert.equal(await send('a=1&b=x+y', FORM_TYPE), { body: { a: '1', b: 'x y' } })
  assert.equal(await send(undefined, {}), { body: {} })
})

test('what is malformed is 400, and the answer does not repeat it', async () => {
  for (const bad of ['{"password":"hunter2",', '"a string"', 'null', '1', '{a:1}', '\u0000']) {
    const answer = await send(bad, JSON_TYPE)
    assert.is(answer.code, 'bad-request', bad)
    assert.not.match(JSON.stringify(answer), 'hunter2')
  }
})

test('what is too large is 413, also when it came compressed', async () => {
  const large = JSON.stringify({ a: 'x'.repeat(70_000) })

  assert.is((await send(large, JSON_TYPE)).code, 'too-large')
  assert.is((await send(`a=${'x'.repeat(70_000)}`, FORM_TYPE)).code, 'too-large')
  assert.is((await send(gzipSync(large), { ...JSON_TYPE, 'Content-Encoding': 'gzip' })).code, 'too-large')
})

test('other kinds of content are 415', async () => {
  assert.is((await send('<a/>', { 'Content-Type': 'text/xml' })).code, 'unsupported-media-type')
  assert.is((await send('a', { 'Content-Type': 'text/plain' })).code, 'unsupported-media-type')
  assert.is((await send('{}', { ...JSON_TYPE, 'Content-Encoding': 'rot13' })).code, 'unsupported-media-type')
})

test('a client that goes in the middle of its body is an error, not a crash', async () => {
  const reading = deferred()
  const failed = deferred<unknown>()
  const app = echo({ onRequest: reading.resolve, onError: failed.resolve })
  // Koa tells of the broken connection too.
  app.silent = true
  await using server = await serve(app.callback())

  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":',
  )
  await reading.promise
  socket.destroy()

  const error = await failed.promise
  assert.ok(error instanceof ServiceError && error.code === 'bad-request')
})

test('input that does not fit its schema is 422, and the sentence names the field', () => {
  const schema = z.object({ name: z.string().min(1), tags: z.array(z.string()) })

  assert.equal(parseInput(schema, { name: 'x', tags: [], more: 1 }), { name: 'x', tags: [] })

  const error = errorOf(() => parseInput(schema, { name: 'x', tags: ['a', 1] }))
  assert.is(error?.code, 'invalid-input')
  assert.match(error?.message ?? '', '“tags.1”')
  assert.match(errorOf(() => parseInput(schema, 'text'))?.message ?? '', 'The input is not right')
})

function errorOf(act: () => unknown): ServiceError | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
  return undefined
}

interface Probes {
  readonly onRequest?: () => void
  readonly onError?: (error: unknown) => void
}

function echo({ onRequest, onError }: Probes = {}): Koa {
  return new Koa()
    .use(async (ctx, next) => {
      onRequest?.()
      try {
        await next()
      } catch (error) {
        onError?.(error)
        if (!(error instanceof ServiceError)) throw error
        ctx.body = { code: error.code, message: error.message, facts: error.detail }
      }
    })
    .use(readBody())
    .use((ctx) => {
      ctx.body = { body: ctx.request.body }
    })
}

async function send(
  body: string | Buffer | undefined,
  headers: Record<string, string>,
): Promise<{ code?: string }> {
  await using server = await serve(echo().callback())
  const answer = await fetch(server.url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
  const said: { code?: string } = JSON.parse(await answer.text())
  return said
}

test.run()
