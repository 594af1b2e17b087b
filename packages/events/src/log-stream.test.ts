import { eventually, givenSession, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenAdmin, logIdsOf } from './testing/given-admin.js'
import { browserOf } from './testing/given-events.js'

const test = suite('events: the log as a stream')

test('a stream begins with what happens from now on', async () => {
  await using world = await givenAdmin()
  await world.fact()
  await world.kept(1)
  await using stream = await world.browser.stream('/events/stream')
  await stream.find(({ event }) => event === 'ready')

  const { id } = await world.fact({ sequence: 9 })
  const message = await stream.find(({ event }) => event === 'log')

  assert.match(stream.headers.get('content-type') ?? '', 'text/event-stream')
  assert.is(JSON.parse(message.data).id, id)
  assert.is(JSON.parse(message.data).sequence, 9)
  assert.equal(logIdsOf(stream.events), [id])
})

test('a viewer that lost its connection before anything happened goes on from there', async () => {
  await using world = await givenAdmin()
  const stream = await world.browser.stream('/events/stream')
  const { id: lastEventId } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  const missed = await world.fact()
  await world.kept(1)

  await using again = await world.browser.stream('/events/stream', { lastEventId })
  await again.find(({ event }) => event === 'ready')

  assert.equal(logIdsOf(again.events), [missed.id])
})

test('since: begins after a cursor; last_event_id does the same for those who can send no header', async () => {
  await using world = await givenAdmin()
  const stream = await world.browser.stream('/events/stream')
  const { id: cursor } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  const { id } = await world.fact()
  await world.kept(1)

  for (const name of ['since', 'last_event_id']) {
    await using again = await world.browser.stream(`/events/stream?${name}=${cursor}`)
    await again.find(({ event }) => event === 'ready')
    assert.equal(logIdsOf(again.events), [id])
  }
})

test('who comes back after the log forgot some of it is told', async () => {
  await using world = await givenAdmin()
  await world.fact()
  await world.kept(1)
  const stream = await world.browser.stream('/events/stream')
  const { id: lastEventId } = await stream.find(({ event }) => event === 'ready')
  stream.close()
  await world.fact()
  const { id } = await world.fact()
  await world.kept(3)
  await world.events.store.prune({ mostEntries: 1 })

  await using again = await world.browser.stream('/events/stream', { lastEventId })
  await again.find(({ event }) => event === 'ready')

  assert.is(again.events[1]?.event, 'gap')
  assert.equal(logIdsOf(again.events), [id])
})

test('the stream ends with the session of its viewer, and only with that', async () => {
  await using world = await givenAdmin()
  const other = await givenSession(world.redis, world.namespace, { user: 'root', roles: ['admin'] })
  await using browser = await browserOf(world.events, other)
  await using mine = await world.browser.stream('/events/stream')
  await using theirs = await browser.stream('/events/stream')
  await mine.find(({ event }) => event === 'ready')
  await theirs.find(({ event }) => event === 'ready')

  await signOff(world.redis, world.namespace, { session: world.session.record })
  await eventually(() => mine.ended)

  const { id } = await world.fact()
  await theirs.find(({ data }) => data.includes(id))
  assert.not(theirs.ended)
  assert.is((await world.browser.fetchApi('/events/stream')).status, 401)
})

test.run()
