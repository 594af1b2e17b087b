import { deferred } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Project } from './project.js'
import { createProjectCache } from './project-cache.js'

const test = suite('projects: lists in memory')

/** Counts the reads; each answers an empty list unless told otherwise. */
function world({ maxLists = 10, load = async (): Promise<readonly Project[]> => [] } = {}) {
  const reads: string[] = []
  const clock = { now: 0 }
  const cache = createProjectCache({
    load: (owner) => {
      reads.push(owner)
      return load()
    },
    maxAgeMs: 5_000,
    maxLists,
    now: () => clock.now,
  })
  return { cache, reads, clock }
}

test('a list is read once, and again when it is too old: a lost message hides no change for longer', async () => {
  const { cache, reads, clock } = world()

  await cache.get('ada')
  clock.now = 4_999
  await cache.get('ada')
  assert.equal(reads, ['ada'])

  clock.now = 5_000
  await cache.get('ada')
  assert.equal(reads, ['ada', 'ada'])
})

test('callers at the same time share one read', async () => {
  const { cache, reads } = world()

  await Promise.all([cache.get('ada'), cache.get('ada'), cache.get('grace')])

  assert.equal(reads, ['ada', 'grace'])
})

test('a list that is dropped while it is read is not kept', async () => {
  const answer = deferred<readonly Project[]>()
  const { cache, reads } = world({ load: () => answer.promise })
  const waiting = cache.get('ada')

  cache.drop('ada')
  answer.resolve([])
  await waiting
  await cache.get('ada')

  assert.equal(reads, ['ada', 'ada'])
})

test('a read that fails is told to whoever waits, and not kept', async () => {
  const outcomes = [Promise.reject(new Error('away')), Promise.resolve([])]
  const { cache } = world({ load: () => outcomes.shift() ?? Promise.resolve([]) })

  const first = await cache.get('ada').then(
    () => 'a list',
    (error: unknown) => String(error),
  )

  assert.is(first, 'Error: away')
  assert.equal(await cache.get('ada'), [])
})

test('only so many lists are kept: the oldest makes room', async () => {
  const { cache, reads } = world({ maxLists: 2 })

  for (const owner of ['ada', 'grace', 'joan']) await cache.get(owner)
  assert.is(cache.size, 2)
  await cache.get('grace')
  await cache.get('ada')

  assert.equal(reads, ['ada', 'grace', 'joan', 'ada'])
})

test('clearing drops everyone’s', async () => {
  const { cache } = world()
  await Promise.all([cache.get('ada'), cache.get('grace')])

  cache.clear()

  assert.is(cache.size, 0)
})

test.run()
