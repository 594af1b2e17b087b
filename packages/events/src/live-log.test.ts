import { createEvent } from '@curfew/contract'
import { deferred, eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLiveLog, type Viewer } from './live-log.js'
import type { LogStore } from './store/log-store.js'
import { givenStore } from './testing/given-store.js'

const test = suite('events: live log')

async function open(changes: (store: LogStore) => Partial<LogStore> = () => ({})) {
  const { store, ...given } = await givenStore()
  const live = createLiveLog({ store: { ...store, ...changes(store) }, onError: () => undefined })
  let written = 0
  return {
    store,
    live,
    /** Keeps so many events, and resolves with their ids. */
    async keep(count = 1): Promise<string[]> {
      const events = Array.from({ length: count }, () =>
        createEvent('identity', 'session.created', 'ada', { actor: 'ada' }),
      )
      const entries = events.map((event) => ({ streamId: `${++written}-0`, json: JSON.stringify(event) }))
      await store.append({ entries, upTo: `${written}-0` })
      return events.map(({ id }) => id)
    },
    async [Symbol.asyncDispose]() {
      live.close()
      await given[Symbol.asyncDispose]()
    },
  }
}

/** Keeps what it is handed. */
function recorder(changes: Partial<Viewer> = {}) {
  const seen: string[] = []
  const live = deferred()
  const ended = deferred()
  const viewer: Viewer = {
    deliver: ({ event }) => seen.push(event.id) > 0,
    room: () => undefined,
    onGap: () => seen.push('gap'),
    onLive: () => live.resolve(),
    onEnd: () => ended.resolve(),
    ...changes,
  }
  return { viewer, seen, live: live.promise, ended: ended.promise }
}

test('replays what is there, then goes on with what comes', async () => {
  await using log = await open()
  const early = await log.keep(450)
  const one = recorder()

  log.live.watch(0, one.viewer)
  await one.live
  const late = await log.keep()

  await eventually(() => one.seen.length > early.length)
  assert.equal(one.seen, [...early, ...late])
})

test('begins after a place, and says where it stands', async () => {
  await using log = await open()
  const [, second] = await log.keep(2)
  let stands: number | undefined
  const one = recorder({ onLive: (position) => (stands = position) })

  log.live.watch(1, one.viewer)
  await eventually(() => stands !== undefined)

  assert.equal([one.seen, stands], [[second], 2])
})

test('viewers who join while entries pour in see each once, in order', async () => {
  await using log = await open()
  const written: string[] = []
  const viewers: ReturnType<typeof recorder>[] = []
  for (let i = 0; i < 300; i++) {
    written.push(...(await log.keep(1 + (i % 7))))
    if (i % 15 === 0) {
      const one = recorder()
      viewers.push(one)
      log.live.watch(0, one.viewer)
    }
  }

  for (const { seen } of viewers) {
    await eventually(() => seen.length >= written.length)
    assert.equal(seen, written)
  }
})

test('a store that fails ends every watch, and who comes back goes on from where they were', async () => {
  let fails = false
  await using log = await open((store) => ({
    after: (...place) => (fails ? Promise.reject(new Error('the disk is full')) : store.after(...place)),
  }))
  const one = recorder()
  log.live.watch(0, one.viewer)
  await one.live

  fails = true
  const [first] = await log.keep()
  await one.ended
  fails = false

  const other = recorder()
  log.live.watch(0, other.viewer)
  const [second] = await log.keep()
  await eventually(() => other.seen.length === 2)
  assert.equal([one.seen, other.seen], [[], [first, second]])
})

test('a viewer that can take no more, and one that throws, are dropped; the others go on', async () => {
  await using log = await open()
  const full = recorder({ deliver: () => false })
  const broken = recorder({
    deliver: () => {
      throw new Error('the socket is gone')
    },
  })
  const fine = recorder()
  for (const { viewer } of [full, broken, fine]) log.live.watch(0, viewer)
  await Promise.all([full.live, broken.live, fine.live])

  await log.keep(2)

  await eventually(() => fine.seen.length === 2)
  await broken.ended
  assert.is(log.live.viewers, 1)
})

test('a replay waits for its viewer to read, and nobody else does', async () => {
  await using log = await open()
  const written = await log.keep(450)
  const reading = deferred()
  const slow = recorder({ room: () => reading.promise })
  const fast = recorder()

  log.live.watch(0, slow.viewer)
  log.live.watch(0, fast.viewer)
  await fast.live
  written.push(...(await log.keep()))

  await eventually(() => fast.seen.length === written.length)
  assert.is(slow.seen.length, 0)
  reading.resolve()
  await eventually(() => slow.seen.length === written.length)
  assert.equal(slow.seen, fast.seen)
})

// found 2026-11-26: nothing told it that there was a gap
test('a viewer that retention overtakes is told so, once, where it was', async () => {
  await using log = await open()
  const written = await log.keep(450)
  const reading = deferred()
  const slow: ReturnType<typeof recorder> = recorder({
    room: () => (slow.seen.length === 100 ? reading.promise : undefined),
  })
  const late = recorder()

  log.live.watch(0, slow.viewer)
  await eventually(() => slow.seen.length === 100)
  await log.store.prune({ mostEntries: 50 })
  reading.resolve()
  await slow.live
  log.live.watch(0, late.viewer)
  await late.live
  written.push(...(await log.keep()))
  await eventually(() => slow.seen.at(-1) === written.at(-1))

  // What had been read for it already it has.
  assert.equal(slow.seen, [...written.slice(0, 200), 'gap', ...written.slice(400)])
  assert.equal(late.seen, written.slice(400), 'who begins with what there is misses nothing')
})

test('however many watch, what is new is read once', async () => {
  let reads = 0
  await using log = await open((store) => ({
    after(...place) {
      reads++
      return store.after(...place)
    },
  }))
  const viewers = Array.from({ length: 20 }, () => recorder())
  for (const { viewer } of viewers) log.live.watch(0, viewer)
  await Promise.all(viewers.map(({ live }) => live))
  reads = 0

  await log.keep()
  await eventually(() => viewers.every(({ seen }) => seen.length === 1))

  assert.is(reads, 1)
})

test('however many catch up, the store is asked by one of them at a time, beside the one read for all who follow', async () => {
  let reading = 0
  let most = 0
  await using log = await open((store) => ({
    async after(position, count) {
      most = Math.max(most, ++reading)
      const entries = await store.after(position, count)
      reading--
      return entries
    },
  }))
  const ids = await log.keep(1_000)
  const viewers = Array.from({ length: 10 }, () => recorder())

  for (const { viewer } of viewers) log.live.watch(0, viewer)
  ids.push(...(await log.keep(300)))

  for (const { seen } of viewers) {
    await eventually(() => seen.length === ids.length)
    assert.equal(seen, ids)
  }
  assert.ok(most <= 2, `${most} at a time`)
})

test.run()
