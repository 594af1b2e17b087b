import { createEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { keeperLag } from './keeper-lag.js'
import { givenStream, hinderedStore, keep } from './testing/given-keeper.js'

const test = suite('events: how far the keeper is behind')

test('how far it is behind is known, in entries and in seconds', async () => {
  await using world = await givenStream()
  await world.facts(3)
  const hindered = hinderedStore(world.store)
  hindered.fail(true)
  await using keeping = keep(world, { store: hindered.store })
  const lag = (laterMs = 0) =>
    keeperLag({
      redis: world.redis,
      key: world.key,
      keeper: keeping.keeper,
      now: () => Date.now() + laterMs,
    })
  await eventually(async () => (await lag())?.entries === 3)
  const seconds = (await lag(60_000))?.seconds ?? 0
  assert.ok(seconds >= 60 && seconds < 90, `${seconds} s`)

  hindered.fail(false)
  await world.isKept(3)
  await eventually(async () => (await lag())?.entries === 0)
  assert.equal(await lag(60_000), { entries: 0, seconds: 0 })
  hindered.fail(true)
  await world.facts(2)
  await eventually(async () => (await lag())?.entries === 2)
  assert.is(keeping.keeper.stats().kept, 3)
})

test('it is known also where an id names no moment', async () => {
  await using world = await givenStream()
  const hindered = hinderedStore(world.store)
  hindered.fail(true)
  await using keeping = keep(world, { store: hindered.store })
  const event = createEvent('identity', 'session.created', 'ada', { actor: 'ada' })
  await world.redis.xadd(world.key, '99999999999999999-0', 'event', JSON.stringify(event))
  await eventually(() => keeping.keeper.place() !== null)

  const lag = await keeperLag({
    redis: world.redis,
    key: world.key,
    keeper: keeping.keeper,
    now: () => Date.parse(event.time) + 60_000,
  })

  assert.equal(lag, { entries: 1, seconds: 60 })
})

test.run()
