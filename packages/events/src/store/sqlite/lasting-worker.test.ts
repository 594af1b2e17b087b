import { rm } from 'node:fs/promises'
import type { Worker } from 'node:worker_threads'
import { eventually } from '@curfew/testing'
import Database from 'libsql'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStore } from '../../testing/given-store.js'
import { appendAll, givenEntries, positionsOf } from '../../testing/log-store/given-entries.js'

const test = suite('events: the thread that has the file of SQLite')

// found 2026-11-27: the service was not ready for ever
test('dead again and again while more is asked of it, another one takes its place, and nothing is lost', async () => {
  await using threads = watchThreads()
  await using given = await givenStore()
  const { store } = given
  const entries = givenEntries(1_000)
  let told = 0

  for (let deaths = 0; deaths < 3; deaths++) {
    const batch = (from: number) => appendAll(store, entries.slice(told + from, told + from + 100))
    const before = [0, 100].map(batch)
    const dying = threads.endNewest()
    const after = [200, 300, 400].map(batch)
    await dying
    const outcomes = await Promise.allSettled([...before, ...after])
    told += outcomes.filter(({ status }) => status === 'fulfilled').length * 100
    assert.is(codeOf(outcomes.at(-1)), 'LOG_STORE_FAILED')

    await eventually(() => store.cursor())
    const kept = (await store.ends())?.last ?? 0
    assert.ok(kept >= told && kept % 100 === 0, `${kept} are kept, and it was told of ${told}`)
  }

  assert.is(threads.started, 4)
  await appendAll(store, entries)
  assert.equal(
    (await store.after(0, 2_000)).map(({ event }) => event.id),
    entries.map(({ event }) => event.id),
  )
  assert.ok((await store.verify()).ok)
})

// found 2026-11-27: they saw it with the next fact, whenever that came
test('who watches is told of what was committed by one that died before it could say so', async () => {
  await using threads = watchThreads()
  await using given = await givenStore()
  const { store } = given
  await appendAll(store, givenEntries(1))
  const seen: number[] = []
  let position = 1
  const look = async () => {
    const entries = await store.after(position, 10)
    position = entries.at(-1)?.position ?? position
    seen.push(...positionsOf(entries))
  }
  store.watch(() => void look())

  threads.silenceNewest()
  const unanswered = appendAll(store, givenEntries(3)).catch((error: unknown) => error)
  const file = new Database(given.file, { timeout: 1_000 })
  await eventually(() => Object(file.prepare('SELECT newest_position AS last FROM state').get()).last === 3, {
    within: 20_000,
  })
  file.close()
  await threads.endNewest()
  assert.is(Object(await unanswered).code, 'LOG_STORE_FAILED')

  // As the keeper does, until it is taken.
  await eventually(() => appendAll(store, givenEntries(3)).then((appended) => appended.length === 0), {
    within: 20_000,
  })
  await eventually(() => seen.length > 0, { within: 20_000 })
  assert.equal(seen, [2, 3])
})

test('where the file is gone by then, no empty log takes its place', async () => {
  await using threads = watchThreads()
  await using given = await givenStore()
  await appendAll(given.store, givenEntries(3))

  await rm(given.file)
  await threads.endNewest()
  const refusal = () =>
    given.store.cursor().then(
      () => 'none',
      ({ message }: Error) => message,
    )

  await eventually(async () => (await refusal()).includes('no such file'))
})

test.run()

/** The threads that are started meanwhile. */
function watchThreads() {
  const started: Worker[] = []
  const note = (worker: Worker) => started.push(worker)
  process.on('worker', note)
  return {
    get started() {
      return started.length
    },
    /**
     * It dies of what it does not understand, before whatever it is asked after that. Not by being terminated: in the middle
     * of libsql that ends the process, as killed.test.ts does.
     */
    async endNewest() {
      const newest = started.at(-1)
      assert.ok(newest)
      const exit = new Promise((ended) => newest.once('exit', ended))
      newest.postMessage('what nobody asks')
      await exit
    },
    /** What it answers is lost, as when it dies before. */
    silenceNewest: () => started.at(-1)?.removeAllListeners('message'),
    async [Symbol.asyncDispose]() {
      process.off('worker', note)
    },
  }
}

function codeOf(outcome: PromiseSettledResult<unknown> | undefined): unknown {
  return outcome?.status === 'rejected' ? Object(outcome.reason).code : undefined
}
