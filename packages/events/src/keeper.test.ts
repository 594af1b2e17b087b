import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createEvent, keysOf } from '@curfew/contract'
import { deferred, eventually, freshNamespace, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { interruption } from './interruption.js'
import { createKeeper, type KeeperOptions } from './keeper.js'
import { keeperLag } from './keeper-lag.js'
import { millisecondsOf } from './log-entries.js'
import type { LogStore } from './store/log-store.js'
import { givenFact } from './testing/given-events.js'
import { givenStore } from './testing/given-store.js'

const test = suite('events: keeper')

/** A Redis of its own, which the test may stop, and an empty store. */
async function open() {
  const server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const key = keysOf(namespace).log
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  redis.on('error', () => undefined) // the test stops Redis on purpose
  const { store, file, ...given } = await givenStore()
  return {
    server,
    namespace,
    redis,
    key,
    store,
    file,
    async facts(count: number): Promise<string[]> {
      const ids: string[] = []
      for (let i = 0; i < count; i++) ids.push((await givenFact(redis, namespace)).id)
      return ids
    },
    /** The ids of the events that are kept, oldest first. */
    kept(): Promise<string[]> {
      return this.keptOr()
    },
    /** The same, with the type instead of the id for events of this type. */
    async keptOr(type?: string): Promise<string[]> {
      const ids: string[] = []
      for (let position = 0; ; ) {
        const entries = await store.after(position, 1_000)
        ids.push(...entries.map(({ event }) => (event.type === type ? type : event.id)))
        position = entries.at(-1)?.position ?? position
        if (entries.length < 1_000) return ids
      }
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await given[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

type World = Awaited<ReturnType<typeof open>>

function keep({ server, key, store }: World, changes: Partial<KeeperOptions> = {}) {
  const told: string[] = []
  const keeper = createKeeper({
    redisUrl: server.url,
    key,
    store,
    onUnreadable: (id) => told.push(`unreadable ${id}`),
    onGap: ({ after, before, reason = 'forgotten' }) => told.push(`gap ${after} ${before} ${reason}`),
    onError: () => undefined,
    ...changes,
  })
  keeper.open()
  return { told, keeper, [Symbol.asyncDispose]: keeper.close }
}

const isKept = (world: World, count: number) =>
  eventually(async () => (await world.store.size()).entries >= count, { within: 20_000 })

test('keeps what is there and what comes, and the next keeper goes on behind it', async () => {
  await using world = await open()
  const written = await world.facts(3)
  {
    await using first = keep(world)
    await isKept(world, 3)
    assert.ok(first.keeper.isKeeping)
    written.push(...(await world.facts(2)))
    await isKept(world, 5)
  }
  written.push(...(await world.facts(2)))

  await using second = keep(world)
  await isKept(world, 7)

  assert.equal(await world.kept(), written)
  assert.equal(second.told, [])
})

test('killed again and again while entries pour in: nothing is missing, nothing there twice, and the chain is whole', async () => {
  await using world = await open()
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
    await isKept(world, before + 200)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  isOver = true
  await writer
  await using last = keep(world)
  await isKept(world, written.length)

  assert.equal(await world.kept(), written)
  assert.equal(last.told, [])
  const { ok, checked } = await world.store.verify()
  assert.equal([ok, checked], [true, written.length])
})

test('Redis is restarted, and killed: it goes on by itself', async () => {
  await using world = await open()
  await using keeping = keep(world)
  const written = await world.facts(1)
  await isKept(world, 1)

  await world.server.restart()
  written.push(...(await world.facts(20)))
  await world.server.kill()
  await world.server.restart()
  written.push(...(await world.facts(20)))

  await isKept(world, written.length)
  assert.equal(await world.kept(), written)
  assert.equal(keeping.told, [])
})

test('an emptied Redis takes nothing away, and what it says from then on is kept too', async () => {
  await using world = await open()
  await using keeping = keep(world)
  const written = await world.facts(3)
  await isKept(world, 3)

  await world.redis.del(world.key)
  await world.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  // Recorded again, since it is not known whether it was lost.
  const [entry] = await world.store.after(2, 1)
  await world.redis.xadd(world.key, '*', 'event', entry?.json ?? '')
  written.push('log.interrupted', ...(await world.facts(2)))

  await isKept(world, 6)
  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 1)
})

// found 2026-11-27: until the connection was cut it went on to wait for larger ids, and said nothing
for (const [name, firstId] of [
  ['before those that are kept', '5-1'],
  ['after those', '*'],
] as const) {
  test(`the stream is deleted while the keeper waits, and goes on with ids ${name}: that is said, and all is kept`, async () => {
    await using world = await open()
    await using keeping = keep(world)
    const written = await world.facts(3)
    await isKept(world, 3)
    const [after] = (await world.redis.xrange(world.key, '-', '+')).map(([id]) => id).slice(-1)

    const [entry] = await world.store.after(2, 1)
    await world.redis.del(world.key)
    const before = await world.redis.xadd(world.key, firstId, 'event', entry?.json ?? '')
    written.push('log.interrupted', ...(await world.facts(2)))

    await isKept(world, written.length)
    assert.equal(await world.keptOr('log.interrupted'), written)
    assert.equal(keeping.told, [`gap ${after} ${before} stream-replaced`])
    const [said] = (await world.store.page({ filter: { types: ['log.interrupted'] }, limit: 1 })).entries
    assert.equal(said?.event.data, { actor: 'system', after, before, reason: 'stream-replaced' })
    assert.is(
      Date.parse(said?.event.time ?? ''),
      millisecondsOf(firstId === '*' ? (before ?? '') : (after ?? '')),
    )
    assert.ok((await world.store.verify()).ok)
  })
}

test('a stream that was only trimmed is no other one, also when nothing is left of it', async () => {
  await using world = await open()
  await using keeping = keep(world)
  const written = await world.facts(3)
  await isKept(world, 3)

  await world.redis.xtrim(world.key, 'MAXLEN', 0)
  written.push(...(await world.facts(2)))

  await isKept(world, 5)
  assert.equal([await world.kept(), keeping.told], [written, []])
})

test('what Redis had forgotten before it was kept is named, and the log says so, once', async () => {
  await using world = await open()
  const written: string[] = []
  {
    await using _ = keep(world)
    written.push(...(await world.facts(1)))
    await isKept(world, 1)
  }
  written.push(...(await world.facts(3)))
  const entries = await world.redis.xrange(world.key, '-', '+')
  await world.redis.xtrim(world.key, 'MAXLEN', 1)

  // The store is in use by another instance, that sees the same.
  await using late = keep(world)
  await isKept(world, 3)
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
  await using world = await open()
  const append = holdable(world.store.append)
  await using keeping = keep(world, { store: { append: append.call, cursor: world.store.cursor } })
  const written = await world.facts(1)
  await isKept(world, 1)
  for (const [late, left] of [
    [10, 10],
    [10, 4],
    [600, 600],
  ] as const) {
    append.hold()
    const [held] = await world.facts(1)
    await eventually(() => append.isHeld())
    const missed = await world.facts(late)
    await world.redis.xtrim(world.key, 'MAXLEN', left)
    written.push(held ?? '', ...(left < late ? ['log.interrupted'] : []), ...missed.slice(-left))
    append.release()
    await isKept(world, written.length)
  }

  assert.equal(await world.keptOr('log.interrupted'), written)
  assert.is(keeping.told.length, 1)
  assert.is(keeping.keeper.stats().gaps, 1)
})

// found 2026-11-26
test('what was forgotten is named also where Redis has no entry any more', async () => {
  await using world = await open()
  {
    await using _ = keep(world)
    await world.facts(1)
    await isKept(world, 1)
  }
  await world.facts(2)
  const [after, , last] = (await world.redis.xrange(world.key, '-', '+')).map(([id]) => id)
  await world.redis.xtrim(world.key, 'MAXLEN', 0)

  await using late = keep(world)
  await isKept(world, 2)
  await world.facts(1)
  await isKept(world, 3)

  assert.equal(late.told, [`gap ${after} ${last} forgotten`])
  const types = (await world.store.after(0, 10)).map(({ event }) => event.type)
  assert.equal(types, ['session.created', 'log.interrupted', 'session.created'])
})

// found 2026-11-27: during a rolling upgrade facts were lost that only newer services knew
test('what only a newer version knows is kept as it is', async () => {
  await using world = await open()
  const event = { ...createEvent('identity', 'user.changed', 'ada', { actor: 'ada' }), type: 'user.promoted' }
  const json = JSON.stringify(event)
  await world.redis.xadd(world.key, '*', 'event', json)
  await using keeping = keep(world)
  await isKept(world, 1)

  const [kept] = await world.store.after(0, 10)
  assert.equal([kept?.json, kept?.event.type, keeping.told], [json, 'user.promoted', []])
})

test('an entry that is no event is passed over, once', async () => {
  await using world = await open()
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
  await isKept(world, 1)

  assert.equal([await world.kept(), second.told], [written, []])
})

test('how far it is behind is known, in entries and in seconds', async () => {
  await using world = await open()
  await world.facts(3)
  let fails = true
  const append: LogStore['append'] = (batch) =>
    fails ? Promise.reject(new Error('the disk is full')) : world.store.append(batch)
  await using keeping = keep(world, { store: { append, cursor: world.store.cursor } })
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

  fails = false
  await isKept(world, 3)
  await eventually(async () => (await lag())?.entries === 0)
  assert.equal(await lag(60_000), { entries: 0, seconds: 0 })
  fails = true
  await world.facts(2)
  await eventually(async () => (await lag())?.entries === 2)
  assert.is(keeping.keeper.stats().kept, 3)
})

test('while the store takes nothing it says so, and goes on as soon as it does', async () => {
  await using world = await open()
  let fails = true
  const append: LogStore['append'] = (batch) =>
    fails ? Promise.reject(new Error('the disk is full')) : world.store.append(batch)
  const errors: unknown[] = []
  await using keeping = keep(world, {
    store: { append, cursor: world.store.cursor },
    onError: (error) => errors.push(error),
  })
  const written = await world.facts(2)
  await eventually(() => errors.length > 0 && !keeping.keeper.isKeeping)

  fails = false

  await isKept(world, 2)
  await eventually(() => keeping.keeper.isKeeping)
  assert.equal(await world.kept(), written)
})

test.run()

/** A store that takes its time. */
function holdable(append: LogStore['append']) {
  let gate = deferred()
  let waiting = 0
  gate.resolve()
  return {
    hold() {
      gate = deferred()
    },
    release: () => gate.resolve(),
    isHeld: () => waiting > 0,
    async call(batch: Parameters<LogStore['append']>[0]) {
      waiting++
      await gate.promise
      waiting--
      return append(batch)
    },
  }
}
