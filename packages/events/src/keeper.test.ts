import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStream, hinderedStore, keep } from './testing/given-keeper.js'

const test = suite('events: keeper')

test('keeps what is there and what comes, and the next keeper goes on behind it', async () => {
  await using world = await givenStream()
  const written = await world.facts(3)
  {
    await using first = keep(world)
    await world.isKept(3)
    assert.ok(first.keeper.isKeeping)
    written.push(...(await world.facts(2)))
    await world.isKept(5)
  }
  written.push(...(await world.facts(2)))

  await using second = keep(world)
  await world.isKept(7)

  assert.equal(await world.kept(), written)
  assert.equal(second.told, [])
})

test('killed again and again while entries pour in: nothing is missing, nothing there twice, and the chain is whole', async () => {
  await using world = await givenStream()
  const written: string[] = []
  let isOver = false
  const writer = (async () => {
    while (!isOver) written.push(...(await world.facts(20)))
  })()
  const program = new URL('./testing/keeper-process.js', import.meta.url)

  for (let killings = 0; killings < 4; killings++) {
    const before = (await world.store.size()).entries
    const child = fork(program, [world.server.url, world.namespace, world.file], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await world.isKept(before + 200)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  isOver = true
  await writer
  await using last = keep(world)
  await world.isKept(written.length)

  assert.equal(await world.kept(), written)
  assert.equal(last.told, [])
  const { ok, checked } = await world.store.verify()
  assert.equal([ok, checked], [true, written.length])
})

test('Redis is restarted, and killed: it goes on by itself', async () => {
  await using world = await givenStream()
  await using keeping = keep(world)
  const written = await world.facts(1)
  await world.isKept(1)

  await world.server.restart()
  written.push(...(await world.facts(20)))
  await world.server.kill()
  await world.server.restart()
  written.push(...(await world.facts(20)))

  await world.isKept(written.length)
  assert.equal(await world.kept(), written)
  assert.equal(keeping.told, [])
})

test('while the store takes nothing it says so, and goes on as soon as it does', async () => {
  await using world = await givenStream()
  const hindered = hinderedStore(world.store)
  hindered.fail(true)
  const errors: unknown[] = []
  await using keeping = keep(world, {
    store: hindered.store,
    onError: (error) => errors.push(error),
  })
  const written = await world.facts(2)
  await eventually(() => errors.length > 0 && !keeping.keeper.isKeeping)

  hindered.fail(false)

  await world.isKept(2)
  await eventually(() => keeping.keeper.isKeeping)
  assert.equal(await world.kept(), written)
})

// found 2026-11-27: during a rolling upgrade facts were lost that only newer services knew
test('what only a newer version knows is kept as it is', async () => {
  await using world = await givenStream()
  const event = { ...createEvent('identity', 'user.changed', 'ada', { actor: 'ada' }), type: 'user.promoted' }
  const json = JSON.stringify(event)
  await world.redis.xadd(world.key, '*', 'event', json)
  await using keeping = keep(world)
  await world.isKept(1)

  const [kept] = await world.store.after(0, 10)
  assert.equal([kept?.json, kept?.event.type, keeping.told], [json, 'user.promoted', []])
})

test('an entry that is no event is passed over, once', async () => {
  await using world = await givenStream()
  const ids = [await world.redis.xadd(world.key, '*', 'event', '{"type":"user.promoted"}')]
  // found 2026-11-27: the keeper never got past one whose number was none
  const numbered = JSON.stringify(createEvent('identity', 'user.blocked', 'ada', { actor: 'ada' }))
  ids.push(await world.redis.xadd(world.key, '*', 'event', numbered, 'sequence', 'seven'))
  {
    await using first = keep(world)
    await eventually(async () => (await world.store.cursor()) === ids[1])
    assert.equal(
      first.told,
      ids.map((id) => `unreadable ${id}`),
    )
  }
  await using second = keep(world)
  const written = await world.facts(1)
  await world.isKept(1)

  assert.equal([await world.kept(), second.told], [written, []])
})

test.run()
