import { createEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { momentOf } from './log-entries.js'
import { givenStream, hinderedStore, keep } from './testing/given-keeper.js'

const WITHIN = { within: 20_000 }

const test = suite('events: keeper, where Redis has another stream')

test('an emptied Redis takes nothing away, and what it says from then on is kept too', async () => {
  await using world = await givenStream()
  await using keeping = keep(world)
  const written = await world.facts(3)
  await world.isKept(3)

  await world.redis.del(world.key)
  await world.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  // Recorded again, since it is not known whether it was lost.
  const [entry] = await world.store.after(2, 1)
  await world.redis.xadd(world.key, '*', 'event', entry?.json ?? '')
  written.push('log.interrupted', ...(await world.facts(2)))

  await world.isKept(6)
  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 1)
})

// found 2026-11-27: until the connection was cut it went on to wait for larger ids, and said nothing
for (const [name, firstId] of [
  ['before those that are kept', '5-1'],
  ['after those', '*'],
] as const) {
  test(`the stream is deleted while the keeper waits, and goes on with ids ${name}: that is said, and all is kept`, async () => {
    await using world = await givenStream()
    await using keeping = keep(world)
    const written = await world.facts(3)
    await world.isKept(3)
    const [after] = (await world.redis.xrange(world.key, '-', '+')).map(([id]) => id).slice(-1)

    const [entry] = await world.store.after(2, 1)
    await world.redis.del(world.key)
    const before = await world.redis.xadd(world.key, firstId, 'event', entry?.json ?? '')
    written.push('log.interrupted', ...(await world.facts(2)))

    await world.isKept(written.length)
    assert.equal(await world.keptOr('log.interrupted'), written)
    assert.equal(keeping.told, [`gap ${after} ${before} stream-replaced`])
    const [said] = (await world.store.page({ filter: { types: ['log.interrupted'] }, limit: 1 })).entries
    assert.equal(said?.event.data, { actor: 'system', after, before, reason: 'stream-replaced' })
    assert.is(Date.parse(said?.event.time ?? ''), momentOf(firstId === '*' ? (before ?? '') : (after ?? '')))
    assert.ok((await world.store.verify()).ok)
  })
}

test('a stream that was only trimmed is no other one, also when nothing is left of it', async () => {
  await using world = await givenStream()
  await using keeping = keep(world)
  const written = await world.facts(3)
  await world.isKept(3)

  await world.redis.xtrim(world.key, 'MAXLEN', 0)
  written.push(...(await world.facts(2)))

  await world.isKept(5)
  assert.equal([await world.kept(), keeping.told], [written, []])
})

// found 2026-11-27: each said so, of where it stood
test('that the stream was replaced is said once, also by instances that stand at different places', async () => {
  await using world = await givenStream()
  const behind = hinderedStore(world.store)
  behind.hold()
  await using last = keep(world, { store: behind.store })
  const written = await world.facts(2)
  await behind.isHeld()
  await using first = keep(world)
  written.push(...(await world.facts(3)))
  await world.isKept(5)

  await world.redis.del(world.key)
  const { json, id } = fact()
  await world.redis.xadd(world.key, '5-1', 'event', json)
  written.push('log.interrupted', id, ...(await world.facts(2)))
  await world.isKept(written.length)
  behind.release()
  const newest = await last.isAtNewest()

  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.equal([first.told.length, last.told], [1, []])
  assert.is(await world.store.cursor(), newest)
})

for (const [name, idOf] of [
  ['before those that are kept', (round: number) => `${round}-1`],
  ['after those', (round: number) => `${Date.now() + round * 60_000}-0`],
] as const) {
  // found 2026-11-27: it was read, and dropped
  test(`what was read when the stream was replaced is kept before it, where the other one has ids ${name}`, async () => {
    await using world = await givenStream()
    await using keeping = keep(world)
    const written = await world.facts(3)
    await world.isKept(3)

    for (let isRead = false, round = 1; !isRead; round++) {
      const [old, other] = [fact(), fact()]
      // One after the other, before anybody else's turn: the reader that waits has been handed the first.
      const [readers] =
        (await world.redis
          .pipeline()
          .call('CLIENT', 'LIST')
          .xadd(world.key, '*', 'event', old.json)
          .del(world.key)
          .xadd(world.key, idOf(round), 'event', other.json)
          .exec()) ?? []
      isRead = / name=events-keeper .* flags=b /.test(String(readers?.[1]))
      written.push(...(isRead ? [old.id] : []), 'log.interrupted', other.id)
      await world.isKept(written.length)
    }

    assert.equal(await world.keptOr('log.interrupted'), written)
    assert.ok(keeping.told.every((told) => told.endsWith('stream-replaced')))
    assert.ok((await world.store.verify()).ok)
  })
}

// found 2026-11-27: nothing was kept any more, for ever
test('a stream whose ids name no moment is kept like any other, also where it takes the place of one', async () => {
  await using world = await givenStream()
  await using keeping = keep(world)
  const written = await world.facts(2)
  await world.isKept(2)

  for (const id of ['9000000000000000-0', '99999999999999999-0', '18446744073709551614-7']) {
    await world.redis.del(world.key)
    const { json, id: eventId } = fact()
    await world.redis.xadd(world.key, id, 'event', json)
    written.push('log.interrupted', eventId, ...(await world.facts(2)))
    await world.isKept(written.length)
  }

  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 3)
  assert.ok((await world.store.verify()).ok)
})

// found 2026-11-27: it was asked for again, and was gone
test('what was read while the store takes nothing is kept, though the stream is replaced by then', async () => {
  await using world = await givenStream()
  const hindered = hinderedStore(world.store)
  const errors: unknown[] = []
  await using keeping = keep(world, { store: hindered.store, onError: (error) => errors.push(error) })
  const written = await world.facts(3)
  await world.isKept(3)

  hindered.fail(true)
  written.push(...(await world.facts(1)))
  await eventually(() => errors.length > 0, WITHIN)
  await world.redis.del(world.key)
  const { json, id } = fact()
  await world.redis.xadd(world.key, '5-1', 'event', json)
  written.push('log.interrupted', id)
  hindered.fail(false)

  await world.isKept(written.length)
  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 1)
})

test('what was read is kept, also where Redis does not say what stream that is', async () => {
  await using world = await givenStream()
  await using keeping = keep(world)
  const written = await world.facts(1)
  await world.isKept(1)
  const cursor = await world.store.cursor()

  const { json, id } = fact()
  await world.redis
    .pipeline()
    .call('ACL', 'SETUSER', 'default', '-xinfo')
    .xadd(world.key, '*', 'event', json)
    .exec()
  await world.isKept(2)

  assert.equal(await world.kept(), [...written, id])
  assert.is(await world.store.cursor(), cursor)
  await eventually(() => !keeping.keeper.isKeeping, WITHIN)
})

test.run()

function fact() {
  const event = createEvent('identity', 'session.created', 'ada', { actor: 'ada' })
  return { id: event.id, json: JSON.stringify(event) }
}
