import { eventually, freshNamespace, redisUrl, startRuledRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStore } from '../testing/given-store.js'
import { appendAll, givenEntries, givenEntry } from '../testing/log-store/given-entries.js'
import { type RetentionWorkOptions, startRetentionWork } from './retention-work.js'

const test = suite('events: retention in the background')

function start(options: Pick<RetentionWorkOptions, 'redisUrl' | 'namespace' | 'store'>) {
  const errors: unknown[] = []
  const work = startRetentionWork({
    keepEvents: 10,
    everyMs: 50,
    onRemoved: () => undefined,
    onError: (error) => errors.push(error),
    ...options,
  })
  return { errors, [Symbol.asyncDispose]: work.stop }
}

test('the oldest are removed as more come, also by several instances', async () => {
  await using given = await givenStore()
  const { store } = given
  await appendAll(store, givenEntries(50))
  const options = { redisUrl: await redisUrl(), namespace: freshNamespace(), store }
  await using one = start(options)
  await using other = start(options)
  await eventually(async () => (await store.size()).entries === 10)

  await appendAll(
    store,
    [101, 102, 103].map((n) => givenEntry(n)),
  )

  await eventually(async () => (await store.size()).entries === 10)
  const { entries } = await store.page({ filter: { types: ['log.pruned'] }, limit: 10 })
  assert.equal(
    entries.map(({ event }) => event.data['entries']),
    [4, 41],
  )
  assert.ok((await store.verify()).ok)
  assert.equal([...one.errors, ...other.errors], [])
})

test('the access rules of infra/sentinel let it', async () => {
  await using rules = await startRuledRedis()
  await using given = await givenStore()
  const { store } = given
  await appendAll(store, givenEntries(50))
  {
    await using work = start({ redisUrl: rules.urlOf('events'), namespace: freshNamespace(), store })
    await eventually(async () => (await store.size()).entries === 10)
    assert.equal(work.errors, [])
  }
  assert.equal(await rules.refused(), [])
})

test('without Redis nothing is removed, and it stops all the same', async () => {
  await using given = await givenStore()
  const { store } = given
  await appendAll(store, givenEntries(50))
  {
    await using work = start({ redisUrl: 'redis://127.0.0.1:1', namespace: freshNamespace(), store })
    await eventually(() => work.errors.length > 0)
  }
  assert.is((await store.size()).entries, 50)
})

test.run()
