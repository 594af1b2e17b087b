import { createEvent } from '@curfew/contract'
import { requireSession } from '@curfew/guard/koa'
import { freshNamespace, type GivenSession, givenSession, openRedis, serve } from '@curfew/testing'
import Koa, { type Middleware } from 'koa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exportEvents } from './export-route.js'
import { createLiveLog } from './live-log.js'
import { streamEvents } from './log-routes.js'
import { type StartedEvents, startEvents } from './testing/given-events.js'

const test = suite('events: cut off from Redis')

// found 2026-11-26: it went on for as long as there was something to send
test('an export breaks off where the lease has ended', async () => {
  await using world = await open(2_000)
  const { guard, store } = world.events
  using clock = wallClock()
  let pages = 0
  const page: typeof store.page = (query) => {
    if (++pages === 3) clock.set()
    return store.page(query)
  }

  const { text, broken } = await world.ask(exportEvents({ guard, store: { page } }))

  assert.ok(broken)
  assert.ok(text.split('\n').length > 500, 'some was sent before')
  assert.ok(text.split('\n').length <= 1_001, `${text.split('\n').length} lines were sent`)
  assert.is(pages, 3)
})

// found 2026-11-26: where the log stands was told all the same
test('a viewer whose lease has ended is not told where the log stands', async () => {
  await using world = await open(1)
  const { guard, store } = world.events
  for (const when of ['it begins', 'it is live'] as const) {
    using clock = wallClock()
    const ends = () => {
      if (when === 'it begins') clock.set()
      return store.ends()
    }
    const after: typeof store.after = (...of) => {
      if (when === 'it is live') clock.set()
      return store.after(...of)
    }
    const liveLog = createLiveLog({
      store: { ...store, after },
      onError: (error) => assert.unreachable(String(error)),
    })

    const { text } = await world.ask(streamEvents({ guard, store: { ends }, liveLog }))

    assert.is(text.includes('event: begin'), when === 'it is live', when)
    assert.not.match(text, 'event: ready')
    assert.match(text, ': try again')
    liveLog.close()
  }
})

test.run()

/** An admin, and so many events. */
async function open(count: number) {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', roles: ['admin'] })
  const events = await startEvents({ namespace })
  const entries = Array.from({ length: count }, (_, i) => ({
    streamId: `${i + 1}-0`,
    json: JSON.stringify(createEvent('identity', 'session.created', 'ada', { actor: 'ada' })),
  }))
  await events.store.append({ entries })
  return {
    events,
    ask: (route: Middleware) => ask(events, session, route),
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

/** What the route answers to the admin, until it ends or breaks off. */
async function ask({ guard }: StartedEvents, { cookie }: GivenSession, route: Middleware) {
  const app = new Koa().use(requireSession(guard)).use(route)
  app.silent = true
  await using served = await serve(app.callback())
  const { body } = await fetch(served.url, { headers: { cookie } })
  const decoder = new TextDecoder()
  let text = ''
  let broken = false
  try {
    for await (const bytes of body ?? []) text += decoder.decode(bytes, { stream: true })
  } catch {
    broken = true
  }
  return { text, broken }
}

/** The wall clock of this process, which shows another hour once it is set. */
function wallClock() {
  const rightly = Date.now
  return {
    set() {
      Date.now = () => rightly() + 3_600_000
    },
    [Symbol.dispose]() {
      Date.now = rightly
    },
  }
}
