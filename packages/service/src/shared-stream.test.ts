import type { ServerResponse } from 'node:http'
import { eventually, serve } from '@curfew/testing'
import Koa from 'koa'
import type { BrowserContext, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serveAssets } from './assets.js'
import { openTabs } from './testing/chromium.js'

const test = suite('service: shared stream')

test('events are read as the standard says, however they are cut into pieces', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await follow(tabs, world.url)
  const [answer] = await world.connections(1)

  for (const piece of [
    ':comment\r',
    '\nevent: log\r\nid: 1\r\nda',
    'ta: first\ndata:second\n',
    '\n',
    'data\n\n',
    'event: nothing\n\n',
    'retry: 1\nunknown: x\ndata:  spaced\n\nevent: half\ndata: lost',
  ]) {
    answer?.write(piece)
    // Each piece is to arrive on its own.
    await new Promise((resolve) => setImmediate(resolve))
  }

  await eventually(async () => (await heard(page)).length === 3)
  assert.equal(await heard(page), [
    { event: 'log', data: 'first\nsecond', id: '1' },
    { event: 'message', data: '', id: '1' },
    { event: 'message', data: ' spaced', id: '1' },
  ])
})

test('it goes on after the last id, also when another tab goes on', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const first = await follow(tabs, world.url)
  const [one] = await world.connections(1)
  const second = await follow(tabs, world.url)
  one?.write('id: 7\ndata: x\n\n')
  await eventually(async () => (await heard(second)).length === 1)

  one?.end()
  const [, two] = await world.connections(2)
  assert.is(two?.req.headers['last-event-id'], '7')
  two?.write('id: 8\ndata: y\n\n')
  await eventually(async () => (await heard(second)).length === 2)

  await first.close()
  const [, , three] = await world.connections(3)
  assert.is(three?.req.headers['last-event-id'], '8')
})

test('a tab that joins hears the newest of each event', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const first = await follow(tabs, world.url)
  const [answer] = await world.connections(1)
  answer?.write('event: a\ndata: 1\n\nevent: a\ndata: 2\n\nevent: b\ndata: 3\n\n')
  await eventually(async () => (await heard(first)).length === 3)

  const second = await follow(tabs, world.url)

  await eventually(async () => (await heard(second)).length === 2)
  assert.equal(
    (await heard(second)).map(({ event, data }) => [event, data]),
    [
      ['a', '2'],
      ['b', '3'],
    ],
  )
  assert.is((await heard(first)).length, 3)
})

test('a refusal ends it for every tab, with its status', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const first = await follow(tabs, world.url)
  const second = await follow(tabs, world.url)
  const [answer] = await world.connections(1)

  world.refuseWith(403)
  answer?.end()

  for (const page of [first, second]) {
    await eventually(async () => (await page.evaluate('ended')) === 403)
  }
  await eventually(() => world.requests() === 2)
})

test('what passes is tried again', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()

  world.refuseWith(503)
  await follow(tabs, world.url)
  await eventually(() => world.requests() === 2)
  world.refuseWith(null)

  await world.connections(1)
})

const MODULE = '/x/assets/shared-stream.js'

interface Heard {
  readonly event: string
  readonly data: string
  readonly id: string
}

async function follow(tabs: BrowserContext, url: string): Promise<Page> {
  const page = await tabs.newPage()
  await page.goto(url)
  await page.evaluate(`import(${JSON.stringify(MODULE)}).then(({ sharedStream }) => {
    Object.assign(window, { heard: [], ended: null })
    sharedStream('/stream', (message) => heard.push(message), { onEnd: (status) => { ended = status } })
  })`)
  return page
}

const heard = (page: Page): Promise<Heard[]> => page.evaluate('heard')

/** A server that hands out the raw answers. */
async function openWorld() {
  const answers: ServerResponse[] = []
  let refusal: number | null = null
  let requests = 0
  const app = new Koa().use(serveAssets('/x/assets')).use((ctx) => {
    if (ctx.path !== '/stream') {
      ctx.type = 'html'
      ctx.body = '<!doctype html><title>Page</title>'
      return
    }
    requests++
    if (refusal !== null) {
      ctx.status = refusal
      return
    }
    ctx.respond = false
    ctx.res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    answers.push(ctx.res)
  })
  const server = await serve(app.callback())
  return {
    url: server.url,
    connections: async (count: number) => {
      await eventually(() => answers.length === count)
      return answers
    },
    requests: () => requests,
    refuseWith(status: number | null) {
      refusal = status
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

test.run()
