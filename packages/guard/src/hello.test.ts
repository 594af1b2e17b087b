import { eventually, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from './evaluate.js'
import { HELLO } from './scripts.js'
import { givenStoreLink, NEW } from './testing/given-store-link.js'

const test = suite('guard: hello')

test('the first hello joins: a row that acknowledges nothing yet, and the service’s inbox is known', async () => {
  await using world = await givenStoreLink()
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const answer = await world.link.hello(NEW)

  assert.is(answer.standing, 'joined')
  assert.is(answer.head, 1)
  assert.equal(answer.missed, [])
  const row = await world.row()
  assert.equal([row?.acknowledged, row?.renewals, row?.history, row?.leaseMs], [0, 1, answer.history, 4_000])
  assert.is(row?.version, '2.4.1')
  assert.equal(await world.redis.smembers(world.keys.inboxes), ['projects'])
})

test('a further hello renews the row, and brings what was missed', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await signOff(world.redis, world.namespace, { userId: 'grace' })

  const answer = await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 0 })

  assert.is(answer.standing, 'renewed')
  assert.equal(
    answer.missed.map(({ sequence }) => sequence),
    [2],
  )
  assert.is((await world.row())?.renewals, 2)
})

test('who says hello in another history than Redis has joins anew', async () => {
  await using world = await givenStoreLink()
  await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const answer = await world.link.hello({ ...NEW, history: 'another:history', applied: 0, acknowledged: 0 })

  assert.is(answer.standing, 'joined')
  assert.is((await world.row())?.acknowledged, 0)
})

test('an instance whose row was taken away joins anew', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await world.redis.hdel(world.keys.members, 'projects-1')

  assert.is((await world.link.hello({ ...NEW, history, applied: 0, acknowledged: 0 })).standing, 'joined')
})

test('a hello that was sent earlier takes no acknowledgement back', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1 })

  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 0 })

  assert.is((await world.row())?.acknowledged, 1)
})

test('a new history is closed to who knows of nothing, and opened by an instance that may', async () => {
  await using world = await givenStoreLink()
  await world.openedBefore('another:history', 0)

  const stranger = await world.link.hello(NEW)
  const read = await world.link.read('A'.repeat(44))
  const witness = await world.link.hello({ ...NEW, history: 'another:history', opens: stranger.history })

  assert.is(stranger.standing, 'waiting')
  assert.is(read.isOpen, false)
  assert.is(witness.standing, 'joined')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, true)
})

// found 2026-11-26: a Redis that had been emptied a moment ago was opened by whoever came first, and let blocked users in
test('a Redis in which nothing is, since it may have been emptied, is closed to who has not waited', async () => {
  await using world = await givenStoreLink()
  await world.redis.del(world.keys.history)

  const { history, standing } = await world.link.hello(NEW)

  assert.is(standing, 'waiting')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, false)
  assert.is((await world.link.hello({ ...NEW, opens: history })).standing, 'joined')
})

test('an instance that has no lease any more opens nothing by what it remembers', async () => {
  await using world = await givenStoreLink()
  await world.openedBefore('another:history', 0)

  assert.is((await world.link.hello({ ...NEW, history: 'another:history' })).standing, 'waiting')
})

test('who has waited for the history that Redis has opens it; to have waited for another one does not count', async () => {
  await using world = await givenStoreLink()
  await world.openedBefore('another:history', 0)
  const { history } = await world.link.hello(NEW)

  assert.is((await world.link.hello({ ...NEW, opens: 'another:history' })).standing, 'waiting')
  assert.is((await world.link.hello({ ...NEW, opens: history })).standing, 'joined')
})

test('an instance that has seen more than there is shows that Redis is behind, and then nobody gets a lease', async () => {
  await using world = await givenStoreLink()
  await world.openedBefore('another:history', 5)
  await world.redis.set(world.keys.sequence, 4)

  const told = await world.link.hello({ ...NEW, history: 'another:history', applied: 5 })
  const { history } = told
  const other = await world.link.hello({
    ...NEW,
    history: 'another:history',
    applied: 4,
    opens: told.history,
  })
  const waited = await world.link.hello({ ...NEW, opens: history })

  assert.equal([told.standing, other.standing, waited.standing], ['behind', 'behind', 'behind'])
  assert.is(await world.redis.hget(world.keys.history, 'seen'), '5')
  assert.is(await world.row(), null)
})

test('an instance that wakes up late and has seen more closes a history that was open', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await signOff(world.redis, world.namespace, { userId: 'ada' })

  const late = await world.link.hello({ ...NEW, history: 'another:history', applied: 1 })
  const renewal = await world.link.hello({ ...NEW, history, applied: 2 })

  assert.equal([late.standing, renewal.standing], ['behind', 'behind'], 'it was opened at 0')
  assert.is((await world.link.read('A'.repeat(44))).isOpen, false)
})

// found 2026-11-21: a hello that was stuck in the network acknowledged what its instance had not applied
test('a hello that arrives after its successor says nothing', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await world.link.hello({ ...NEW, history, applied: 0, acknowledged: 0 })
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const before = await world.row()

  const late = await evaluate(
    world.redis,
    HELLO,
    [world.keys.history, world.keys.sequence, world.keys.members, world.keys.signoffs, world.keys.inboxes],
    ['n', 'projects-1', 'projects', '', 0, 0, 10, 1, 4_000, world.keys.channels.acknowledgements, '', '[]'],
  )

  assert.equal(late, [history, 1, -1])
  assert.equal(await world.row(), before)
})

test('a hello says again what an acknowledgement that got lost has said', async () => {
  await using world = await givenStoreLink()
  const { history } = await world.link.hello(NEW)
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  const told = await world.acknowledgements()

  await world.link.hello({ ...NEW, history, applied: 1, acknowledged: 1 })
  await eventually(() => told.length > 0)

  assert.equal(told, [`projects-1 ${history} 1 []`])
})

test.run()
