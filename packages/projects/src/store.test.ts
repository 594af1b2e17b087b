import { createEvent } from '@curfew/contract'
import { freshNamespace, openRedis, type TestRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectKeys } from './keys.js'
import type { Project } from './project.js'
import { createProjectStore } from './store.js'

const test = suite('projects: store')

const engine: Project = {
  id: 'p1',
  owner: 'ada',
  ownerName: 'Ada',
  name: 'Engine',
  createdAt: 1_000,
  archivedAt: null,
  version: 1,
}
const fact = createEvent('projects', 'project.created', 'ada', { actor: 'ada' })
const creation = {
  before: null,
  after: engine,
  changes: [{ what: 'project.created', project: engine }],
  facts: [fact],
  mostOfOwner: 2,
} as const

function open(redis: TestRedis) {
  const keys = projectKeys(freshNamespace())
  return { keys, store: createProjectStore(redis, keys) }
}

test('a change, its fact and its message are one step', async () => {
  await using redis = await openRedis()
  await using ears = await openRedis()
  const { keys, store } = open(redis)
  await ears.subscribe(keys.changes)
  const heard = new Promise((resolve) => ears.once('message', (_channel, text) => resolve(JSON.parse(text))))

  assert.is(await store.write(creation), 'done')

  assert.equal(await store.find('p1'), engine)
  assert.equal(JSON.parse((await redis.hget(keys.outbox, fact.id)) ?? ''), fact)
  assert.equal(await heard, { what: 'project.created', project: engine })
})

test('what does not fit the stored version does nothing at all', async () => {
  await using redis = await openRedis()
  const { keys, store } = open(redis)
  await store.write(creation)
  const later = { ...engine, name: 'Motor', version: 3 }
  const otherFact = createEvent('projects', 'project.renamed', 'ada', { actor: 'ada' })

  const outcomes = [
    await store.write({ ...creation, facts: [otherFact] }),
    await store.write({ ...creation, before: { ...engine, version: 2 }, after: later, facts: [otherFact] }),
    await store.write({ ...creation, before: { ...engine, version: 2 }, after: null, facts: [otherFact] }),
  ]

  assert.equal(outcomes, ['changed', 'changed', 'changed'])
  assert.equal(await store.find('p1'), engine)
  assert.equal(await redis.hkeys(keys.outbox), [fact.id])
})

test('an owner who has enough gets no more', async () => {
  await using redis = await openRedis()
  const { store } = open(redis)
  const write = (id: string) => store.write({ ...creation, after: { ...engine, id } })

  assert.equal([await write('p1'), await write('p2'), await write('p3')], ['done', 'done', 'full'])
  assert.is(await store.find('p3'), null)
})

test('lists are newest first, and bounded where they are everyone’s', async () => {
  await using redis = await openRedis()
  const { store } = open(redis)
  for (const [id, owner, createdAt] of [
    ['p1', 'ada', 1],
    ['p2', 'grace', 2],
    ['p3', 'ada', 3],
  ] as const) {
    await store.write({ ...creation, after: { ...engine, id, owner, createdAt } })
  }
  const idsOf = (projects: readonly Project[]) => projects.map(({ id }) => id)

  assert.equal(idsOf(await store.listOf('ada')), ['p3', 'p1'])
  assert.equal(idsOf(await store.newest(2)), ['p3', 'p2'])
  assert.equal(await store.listOf('nobody'), [])
})

test('what is deleted is nowhere, except that its owner is remembered for a day', async () => {
  await using redis = await openRedis()
  const { keys, store } = open(redis)
  await store.write(creation)

  assert.is(await store.write({ ...creation, before: engine, after: null }), 'done')

  assert.is(await store.find('p1'), null)
  assert.equal(await store.listOf('ada'), [])
  assert.equal(await store.newest(10), [])
  assert.is(await store.formerOwner('p1'), 'ada')
  const leftMs = await redis.pttl(keys.deleted('p1'))
  assert.ok(leftMs > 86_000_000 && leftMs <= 86_400_000)
})

test.run()
