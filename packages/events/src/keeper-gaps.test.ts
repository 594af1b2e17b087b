import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { interruption } from './interruption.js'
import { givenStream, hinderedStore, keep } from './testing/given-keeper.js'

const test = suite('events: keeper, where Redis has forgotten facts')

test('what Redis had forgotten before it was kept is named, and the log says so, once', async () => {
  await using world = await givenStream()
  const written: string[] = []
  {
    await using _ = keep(world)
    written.push(...(await world.facts(1)))
    await world.isKept(1)
  }
  written.push(...(await world.facts(3)))
  const entries = await world.redis.xrange(world.key, '-', '+')
  await world.redis.xtrim(world.key, 'MAXLEN', 1)

  // The store is in use by another instance, that sees the same.
  await using late = keep(world)
  await world.isKept(3)
  assert.equal(
    await world.store.append({
      entries: [interruption({ after: entries[0]?.[0] ?? '', before: entries[3]?.[0] ?? '' })],
    }),
    [],
  )

  const [after, before] = [entries[0]?.[0], entries[3]?.[0]]
  assert.equal(late.told, [`gap ${after} ${before} forgotten`])
  assert.is(late.keeper.stats().gaps, 1)
  const [first, missing, last] = await world.store.after(0, 10)
  assert.equal(
    [first, last].map((entry) => entry?.event.id),
    [written[0], written[3]],
  )
  assert.equal(
    [missing?.event.type, missing?.event.source, missing?.event.data],
    ['log.interrupted', '/events', { actor: 'system', after, before }],
  )
  assert.ok((await world.store.verify()).ok)
})

// found 2026-11-26: it was looked for only when a connection began
test('what Redis forgets while the store is slow is named too, at its place, and nothing is that was only read late', async () => {
  await using world = await givenStream()
  const { store, ...hindered } = hinderedStore(world.store)
  await using keeping = keep(world, { store })
  const written = await world.facts(1)
  await world.isKept(1)
  for (const [late, left] of [
    [10, 10],
    [10, 4],
    [600, 600],
  ] as const) {
    hindered.hold()
    const [held] = await world.facts(1)
    await hindered.isHeld()
    const missed = await world.facts(late)
    await world.redis.xtrim(world.key, 'MAXLEN', left)
    written.push(held ?? '', ...(left < late ? ['log.interrupted'] : []), ...missed.slice(-left))
    hindered.release()
    await world.isKept(written.length)
  }

  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 1)
  assert.is(keeping.keeper.stats().gaps, 1)
})

// found 2026-11-26
test('what was forgotten is named also where Redis has no entry any more', async () => {
  await using world = await givenStream()
  {
    await using _ = keep(world)
    await world.facts(1)
    await world.isKept(1)
  }
  await world.facts(2)
  const [after, , last] = (await world.redis.xrange(world.key, '-', '+')).map(([id]) => id)
  await world.redis.xtrim(world.key, 'MAXLEN', 0)

  await using late = keep(world)
  await world.isKept(2)
  await world.facts(1)
  await world.isKept(3)

  assert.equal(late.told, [`gap ${after} ${last} forgotten`])
  const types = (await world.store.after(0, 10)).map(({ event }) => event.type)
  assert.equal(types, ['session.created', 'log.interrupted', 'session.created'])
})

// found 2026-11-27: each said so, of where it stood
test('what was forgotten is said once, also by instances that stand at different places', async () => {
  await using world = await givenStream()
  const [ahead, behind] = [hinderedStore(world.store), hinderedStore(world.store)]
  behind.hold()
  await using last = keep(world, { store: behind.store })
  const written = await world.facts(2)
  await behind.isHeld()
  await using first = keep(world, { store: ahead.store })
  written.push(...(await world.facts(3)))
  await world.isKept(5)
  ahead.hold()
  written.push(...(await world.facts(1)))
  await ahead.isHeld()

  const missed = await world.facts(4)
  await world.redis.xtrim(world.key, 'MAXLEN', 2)
  written.push('log.interrupted', ...missed.slice(-2))
  ahead.release()
  await world.isKept(written.length)
  behind.release()
  const newest = await last.isAtNewest()

  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.equal([first.told.length, last.told], [1, []])
  assert.is(await world.store.cursor(), newest)
})

test.run()
