import { createEvent, keysOf } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeCursor, LAST_POSSIBLE } from './cursors.js'
import { givenAdmin, idsOf, logIdsOf } from './testing/given-admin.js'

const test = suite('events: pages of the log')

test('GET /events answers a page, and its cursor the next one', async () => {
  await using world = await givenAdmin()
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await world.fact({ sequence: i + 1 })).id)
  await world.kept(5)

  const first = await world.browser.fetchApi('/events?limit=3')
  const { events, next } = JSON.parse(first.text)
  const second = await world.browser.fetchApi(`/events?limit=3&before=${next}`)

  assert.is(first.status, 200)
  assert.is(first.headers.get('cache-control'), 'no-store')
  assert.equal(
    events.map(({ sequence }: { sequence: number }) => sequence),
    [5, 4, 3],
  )
  assert.equal([...idsOf(first), ...idsOf(second)], ids.reverse())
})

test('GET /events at either end of all cursors is an empty page', async () => {
  await using world = await givenAdmin()
  await world.fact()

  for (const query of [`after=${encodeCursor(LAST_POSSIBLE)}`, `before=${encodeCursor(0)}`]) {
    const answer = await world.browser.fetchApi(`/events?${query}`)
    assert.is(answer.status, 200, query)
    assert.equal(idsOf(answer), [])
  }
})

test('filters are query parameters, for the page and for the stream', async () => {
  await using world = await givenAdmin()
  await using stream = await world.browser.stream('/events/stream?type=user.*&text=laptop')
  await stream.find(({ event }) => event === 'ready')
  await world.fact()
  const wanted = await world.fact({ type: 'user.blocked', data: { reason: 'Lost laptop' } })
  await world.fact({ type: 'user.blocked' })
  const alsoWanted = await world.fact({ type: 'user.unblocked', data: { reason: 'Found the laptop' } })

  await stream.find(({ data }) => data.includes(alsoWanted.id))
  const page = await world.browser.fetchApi('/events?type=user.*&text=laptop')

  assert.equal(idsOf(page), [alsoWanted.id, wanted.id])
  assert.equal(logIdsOf(stream.events), [wanted.id, alsoWanted.id])
})

test('what only a newer version knows is on the page, in the stream and in the export, under its type and its noun', async () => {
  await using world = await givenAdmin()
  await using stream = await world.browser.stream('/events/stream?type=user.*')
  await stream.find(({ event }) => event === 'ready')
  const event = { ...createEvent('identity', 'user.changed', 'ada', { actor: 'ada' }), type: 'user.promoted' }
  await world.fact({ type: 'session.created' })
  await world.redis.xadd(keysOf(world.namespace).log, '*', 'event', JSON.stringify(event))

  const told = await stream.find(({ event }) => event === 'log')
  assert.equal(JSON.parse(told.data), event)
  for (const type of ['user.*', 'user.promoted'])
    assert.equal(idsOf(await world.browser.fetchApi(`/events?type=${type}`)), [event.id], type)
  const table = await world.browser.fetchApi('/events/export?format=csv&type=user.*')
  assert.match(table.text, `${event.time},user.promoted,/identity,ada,`)
})

test('wrong input is 422 and names what is wrong', async () => {
  await using world = await givenAdmin()
  const wrong: [path: string, name: string, headers?: Record<string, string>][] = [
    ['/events?before=garbage', 'before'],
    ['/events?type=session', 'type'],
    ['/events?limit=1000', 'limit'],
    ['/events/stream?since=garbage', 'since'],
    ['/events/stream', 'Last-Event-ID', { 'Last-Event-ID': 'garbage' }],
    ['/events/stream?colour=red', 'colour'],
  ]
  for (const [path, name, headers = {}] of wrong) {
    const answer = await world.browser.fetchApi(path, { headers })
    assert.is(answer.status, 422, path)
    assert.is(JSON.parse(answer.text).code, 'invalid-input')
    assert.match(JSON.parse(answer.text).detail, name)
  }
})

test.run()
