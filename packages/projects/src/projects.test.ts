import type { CurfewEvent } from '@curfew/contract'
import { freshNamespace, openRedis, rejects, type TestRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectKeys } from './keys.js'
import type { Project } from './project.js'
import { type Caller, createProjects, MOST_PROJECTS } from './projects.js'
import { createProjectStore } from './store.js'

const test = suite('projects: rules')

const caller = (id: string, ...roles: string[]): Caller => ({
  user: { id, name: id.toUpperCase(), email: null, picture: null, roles },
  trace: { ref: `ref-of-${id}`, ip: '192.0.2.1', userAgent: 'Test', correlationId: 'c-1' },
})
const ada = caller('ada', 'editor')
const mallory = caller('mallory', 'editor')
const root = caller('root', 'admin')

/** The rules over a real store. The clock moves by a second with every look. */
function world(redis: TestRedis) {
  const facts: CurfewEvent[] = []
  const store = createProjectStore(redis, projectKeys(freshNamespace()))
  let nowMs = Date.parse('2027-01-12T10:00:00Z')
  const projects = createProjects({
    store,
    lists: { get: store.listOf, drop: () => undefined },
    handOver: async (some) => void facts.push(...some),
    now: () => {
      nowMs += 1000
      return nowMs
    },
  })
  return { ...projects, store, facts, told: () => facts.map(({ type }) => type) }
}

const namesOf = (projects: readonly Project[]) => projects.map(({ name }) => name)

test('who creates a project owns it, and finds it on top of the list', async () => {
  await using redis = await openRedis()
  const { create, list } = world(redis)

  await create(ada, 'Engine')
  const newest = await create(ada, ' Bell tower ')

  assert.is(newest.owner, 'ada')
  assert.is(newest.ownerName, 'ADA')
  assert.is(newest.version, 1)
  assert.is(newest.archivedAt, null)
  assert.equal(namesOf(await list(ada, 'ada')), ['Bell tower', 'Engine'])
})

test('a fact tells who did what to which project, from where', async () => {
  await using redis = await openRedis()
  const { create, change, facts } = world(redis)

  const { id } = await create(ada, 'Engine')
  await change(root, id, { name: 'Engine II' })

  const [, renamed] = facts
  assert.is(renamed?.type, 'project.renamed')
  assert.is(renamed?.source, '/projects')
  assert.is(renamed?.subject, 'ada')
  assert.equal(renamed?.data, {
    actor: 'root',
    actorName: 'ROOT',
    subjectName: 'ADA',
    ref: 'ref-of-root',
    ip: '192.0.2.1',
    userAgent: 'Test',
    correlationId: 'c-1',
    project: id,
    name: 'Engine II',
    before: 'Engine',
    after: 'Engine II',
  })
})

test('everyone has a list of their own, and an admin sees all', async () => {
  await using redis = await openRedis()
  const { create, list } = world(redis)
  await create(ada, 'Engine')
  await create(mallory, 'Crowbar')

  assert.equal(namesOf(await list(ada, 'ada')), ['Engine'])
  assert.equal(namesOf(await list(root)), ['Crowbar', 'Engine'])
  assert.equal(namesOf(await list(root, 'ada')), ['Engine'])
  await rejects(list(mallory, 'ada'), 'forbidden')
  await rejects(list(mallory), 'forbidden')
})

test('somebody else’s project looks like no project', async () => {
  await using redis = await openRedis()
  const { create, find, change, remove, told, store } = world(redis)
  const { id } = await create(ada, 'Engine')

  const asIfMissing = await rejects(find(mallory, 'no-such-id'), 'not-found')
  for (const attempt of [
    () => find(mallory, id),
    () => change(mallory, id, { name: 'Mine' }),
    () => change(mallory, id, { archived: true }),
    () => remove(mallory, id),
  ]) {
    assert.is((await rejects(attempt(), 'not-found')).message, asIfMissing.message)
  }

  assert.is((await store.find(id))?.name, 'Engine')
  assert.equal(told(), ['project.created'])
})

test('an admin acts on the projects of all', async () => {
  await using redis = await openRedis()
  const { create, change, remove, list } = world(redis)
  const { id } = await create(ada, 'Engine')

  assert.is((await change(root, id, { name: 'Motor' })).name, 'Motor')
  assert.is((await change(root, id, { archived: true })).owner, 'ada')
  await remove(root, id)

  assert.equal(await list(ada, 'ada'), [])
})

test('a rename that names another version than the newest is refused, and says what came between', async () => {
  await using redis = await openRedis()
  const { create, change, store } = world(redis)
  const { id, version } = await create(ada, 'Engine')
  await change(root, id, { name: 'Motor', version })

  const error = await rejects(change(ada, id, { name: 'Machine', version }), 'conflict')

  assert.match(error.message, '“Motor”')
  assert.is((await store.find(id))?.name, 'Motor')
  assert.is((await change(ada, id, { name: 'Machine', version: version + 1 })).version, 3)
})

test('a rename that was sent twice is done once', async () => {
  await using redis = await openRedis()
  const { create, change, told } = world(redis)
  const { id, version } = await create(ada, 'Engine')

  const first = await change(ada, id, { name: 'Motor', version })
  const second = await change(ada, id, { name: 'Motor', version })

  assert.equal(second, first)
  assert.equal(told(), ['project.created', 'project.renamed'])
})

test('without a version the last name wins, also among many at once', async () => {
  await using redis = await openRedis()
  const { create, change, told } = world(redis)
  const { id } = await create(ada, 'Engine')

  const renamed = await Promise.all(['A', 'B', 'C', 'D'].map((name) => change(ada, id, { name })))

  assert.equal(renamed.map(({ version }) => version).toSorted(), [2, 3, 4, 5])
  assert.is(told().length, 5)
})

test('archiving and restoring twice is archiving and restoring once', async () => {
  await using redis = await openRedis()
  const { create, change, told } = world(redis)
  const { id } = await create(ada, 'Engine')

  const archived = await change(ada, id, { archived: true })
  assert.equal(await change(ada, id, { archived: true }), archived)
  assert.type(archived.archivedAt, 'number')
  const restored = await change(ada, id, { archived: false })
  assert.equal(await change(ada, id, { archived: false }), restored)
  assert.is(restored.archivedAt, null)

  assert.equal(told(), ['project.created', 'project.archived', 'project.restored'])
})

test('a name and the archive may change in one step, which is two facts', async () => {
  await using redis = await openRedis()
  const { create, change, told } = world(redis)
  const { id } = await create(ada, 'Engine')

  const changed = await change(ada, id, { name: 'Old engine', archived: true })

  assert.is(changed.version, 2)
  assert.equal(told(), ['project.created', 'project.renamed', 'project.archived'])
})

test('deleting twice is deleting once', async () => {
  await using redis = await openRedis()
  const { create, remove, find, told } = world(redis)
  const { id } = await create(ada, 'Engine')

  await remove(ada, id)
  await remove(ada, id)

  await rejects(find(ada, id), 'not-found')
  await rejects(remove(mallory, id), 'not-found')
  assert.equal(told(), ['project.created', 'project.deleted'])
})

test('a user has at most 500 projects, and room again after deleting one', async () => {
  await using redis = await openRedis()
  const { create, remove, list, told } = world(redis)
  const made = await Promise.all(Array.from({ length: MOST_PROJECTS }, (_, i) => create(ada, `No ${i}`)))

  const error = await rejects(create(ada, 'One more'), 'conflict')
  assert.match(error.message, '500')
  await create(mallory, 'Has room')
  await remove(ada, made[0]?.id ?? '')
  await create(ada, 'One more')

  assert.is((await list(ada, 'ada')).length, MOST_PROJECTS)
  assert.is((await list(root)).length, MOST_PROJECTS)
  assert.is(told().filter((type) => type === 'project.created').length, MOST_PROJECTS + 2)
})

test.run()
