import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEvent } from '@curfew/contract'
import { requireSession } from '@curfew/guard/koa'
import { freshNamespace, givenSession, openRedis } from '@curfew/testing'
import Koa from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exportEvents } from './export-route.js'
import { startEvents } from './testing/given-events.js'

const test = suite('events: exports in constant memory')

const PAGES = 12
const PAGE = 500
/** Of more than 300 kB each: what the socket and the streams hold is less than two of them, and one may be coming. */
const MOST_ON_THEIR_WAY = 4
const USER_AGENT = 'x'.repeat(400)

test('what is on its way to the reader has a bound, however long the log is, and nothing is read for one that takes nothing', async () => {
  await using world = await open()
  for (const format of ['ndjson', 'csv']) {
    await using reader = await world.ask(format)

    // Each waits for its turn in the store: who read on would have read as much meanwhile.
    for (let n = 0; n < 2 * PAGES; n++) await world.readPage()
    assert.ok(reader.pages() <= MOST_ON_THEIR_WAY, `${reader.pages()} pages were read for nobody`)

    let lines = 0
    let most = 0
    for await (const bytes of reader.answer) {
      lines += String(bytes).split('\n').length - 1
      most = Math.max(most, reader.pages() - Math.floor(lines / PAGE))
    }
    assert.is(lines, PAGES * PAGE + (format === 'csv' ? 1 : 0))
    assert.is(reader.pages(), PAGES)
    assert.ok(most <= MOST_ON_THEIR_WAY, `${most} pages were on their way`)
  }
})

test.run()

/** The route with a log of so many pages, on a socket that holds little: the system gives those of TCP many megabytes. */
async function open() {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', roles: ['admin'] })
  const { guard, store, ...events } = await startEvents({ namespace })
  for (let n = 0; n < PAGES; n++) await store.append({ entries: Array.from({ length: PAGE }, entry) })
  let pages = 0
  const page: typeof store.page = (query) => {
    pages++
    return store.page(query)
  }
  const app = new Koa().use(requireSession(guard)).use(exportEvents({ guard, store: { page } }))
  const served = await serveOnSocket(app.callback())
  return {
    readPage: () => store.page({ filter: {}, limit: PAGE }),
    async ask(format: string) {
      const before = pages
      const asked = await ask(served.path, `/?format=${format}`, session.cookie)
      /** How many were read for this one. */
      return { ...asked, pages: () => pages - before }
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

let entries = 0

function entry() {
  const event = createEvent('identity', 'session.created', 'ada', { actor: 'ada', userAgent: USER_AGENT })
  return { streamId: `${++entries}-0`, json: JSON.stringify(event) }
}

async function serveOnSocket(listener: RequestListener) {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-socket-'))
  const path = join(folder, 'http')
  const server = createServer(listener).listen(path)
  await once(server, 'listening')
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await rm(folder, { recursive: true })
    },
  }
}

/** An answer of which the head has come, and nothing is read until somebody does. */
async function ask(socketPath: string, path: string, cookie: string) {
  const request = get({ socketPath, path, headers: { cookie } })
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    request.once('response', resolve).once('error', reject),
  )
  assert.is(answer.statusCode, 200)
  return {
    answer,
    async [Symbol.asyncDispose]() {
      request.destroy()
    },
  }
}
