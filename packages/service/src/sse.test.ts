import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { createBrowser, deferred, eventually, rejects, serve } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventStream, type EventStreamOptions, openEventStream } from './sse.js'

const test = suite('service: sse')

test('the headers leave at once, events follow as they are sent', async () => {
  await using world = await openWorld()
  await using viewer = await world.browser.stream('/')
  const stream = await world.opened

  assert.is(viewer.status, 200)
  assert.is(viewer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.match(viewer.headers.get('cache-control') ?? '', 'no-store')
  assert.is(viewer.headers.get('x-accel-buffering'), 'no')

  assert.ok(stream.send({ event: 'log', id: '7', data: 'one' }))
  assert.ok(stream.send({ data: 'two' }))
  await viewer.find(({ data }) => data === 'two')
  assert.equal(viewer.events, [
    { event: 'log', id: '7', data: 'one' },
    { event: 'message', id: '7', data: 'two' },
  ])
})

test('data can not write fields of its own', async () => {
  await using world = await openWorld()
  await using viewer = await world.browser.stream('/')
  const stream = await world.opened

  stream.send({ event: 'log', data: 'a\nevent: forged\r\nid: 99\rdata: x\n\n' })
  stream.comment('b\ndata: forged\n')
  stream.send({ event: 'end', data: '' })

  await viewer.find(({ event }) => event === 'end')
  assert.equal(
    viewer.events.map(({ event, data, id }) => [event, data, id]),
    [
      ['log', 'a\nevent: forged\nid: 99\ndata: x\n\n', ''],
      ['end', '', ''],
    ],
  )
  assert.throws(() => stream.send({ event: 'a\nb', data: '' }), 'one line')
  assert.throws(() => stream.send({ id: 'a\rb', data: '' }), 'one line')
})

test('a heartbeat keeps it alive', async () => {
  await using world = await openWorld({ heartbeatMs: 5 })
  const text = await new Promise<string>((resolve) => {
    const request = get(world.url, (answer) => {
      answer.setEncoding('utf8').once('data', (chunk: string) => {
        request.destroy()
        resolve(chunk)
      })
    })
  })

  assert.match(text, /^:\n\n/)
  await (await world.opened).closed
})

test('it ends when the client goes, and says so', async () => {
  await using world = await openWorld()
  const viewer = await world.browser.stream('/')
  const stream = await world.opened

  viewer.close()
  await stream.closed

  assert.is(stream.send({ data: 'late' }), false)
  assert.is(stream.comment('late'), false)
  stream.close()
})

test('it ends when the server closes it, after what was sent', async () => {
  await using world = await openWorld()
  await using viewer = await world.browser.stream('/')
  const stream = await world.opened

  stream.send({ event: 'ended', data: '{}' })
  stream.close()

  await stream.closed
  await eventually(() => viewer.ended)
  assert.is(viewer.events[0]?.event, 'ended')
  assert.is(stream.send({ data: 'late' }), false)
})

test('a viewer that lags too far behind is cut off, and nobody else', async () => {
  await using world = await openWorld({ maxBufferedBytes: 100_000 })
  const slow = get(world.url)
  await new Promise((resolve) => slow.once('response', (answer) => resolve(answer.pause())))
  const stream = await world.opened

  const chunk = 'x'.repeat(10_000)
  let sent = 0
  // The sockets' own buffers take some megabytes first.
  while (stream.send({ data: chunk })) {
    assert.ok(stream.bufferedBytes <= 100_000)
    assert.ok(++sent < 10_000, 'it takes everything')
    await new Promise((resolve) => setImmediate(resolve))
  }

  await stream.closed
  assert.ok(sent > 0)
  slow.destroy()
})

test('aborting it takes back what was not read yet, and is a plain end where all was', async () => {
  await using world = await openWorld()
  const asking = get(world.url)
  const slow = await new Promise<IncomingMessage>((resolve) => {
    asking.once('response', (answer) => resolve(answer.pause()))
  })
  const stream = await world.opened
  const chunk = 'x'.repeat(10_000)
  while (stream.bufferedBytes < 100_000) {
    stream.send({ data: chunk })
    await new Promise((resolve) => setImmediate(resolve))
  }
  stream.abort()
  await stream.closed
  await rejects(text(slow), 'ECONNRESET')

  await using another = await openWorld()
  await using viewer = await another.browser.stream('/')
  const idle = await another.opened
  idle.send({ data: 'read' })
  await viewer.find(({ data }) => data === 'read')
  await eventually(() => idle.bufferedBytes === 0)
  idle.abort()
  await idle.closed
  await eventually(() => viewer.ended)
})

test('HEAD gets the headers and no stream', async () => {
  await using world = await openWorld()

  const answer = await fetch(world.url, { method: 'HEAD' })

  assert.is(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  await (await world.opened).closed
})

async function openWorld(options?: EventStreamOptions) {
  const opened = deferred<EventStream>()
  const app = new Koa().use((ctx) => opened.resolve(openEventStream(ctx, options)))
  const server = await serve(app.callback())
  return {
    url: server.url,
    browser: createBrowser(server.url),
    opened: opened.promise,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test.run()
