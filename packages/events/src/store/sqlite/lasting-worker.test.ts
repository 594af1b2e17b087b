import { rm } from 'node:fs/promises'
import type { Worker } from 'node:worker_threads'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStore } from '../../testing/given-store.js'
import { appendAll, givenEntries } from '../../testing/log-store/given-entries.js'

const test = suite('events: the thread that has the file of SQLite')

// found 2026-11-27: the service was not ready for ever
test('killed again and again in the middle of its work, another one takes its place, and nothing is lost', async () => {
  await using threads = watchThreads()
  await using given = await givenStore()
  const { store } = given
  const entries = givenEntries(1_000)
  let told = 0

  for (let killings = 0; killings < 3; killings++) {
    const batches = [0, 100, 200, 300, 400].map((from) =>
      appendAll(store, entries.slice(told + from, told + from + 100)),
    )
    await batches[0]
    await threads.killNewest()
    const outcomes = await Promise.allSettled(batches)
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

test('where the file is gone by then, no empty log takes its place', async () => {
  await using threads = watchThreads()
  await using given = await givenStore()
  await appendAll(given.store, givenEntries(3))

  await rm(given.file)
  await threads.killNewest()
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
    killNewest: async () => void (await started.at(-1)?.terminate()),
    async [Symbol.asyncDispose]() {
      process.off('worker', note)
    },
  }
}

function codeOf(outcome: PromiseSettledResult<unknown> | undefined): unknown {
  return outcome?.status === 'rejected' ? Object(outcome.reason).code : undefined
}
