import type { SessionRecord } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createSessionCache, type FoundSession } from './session-cache.js'

const test = suite('guard: session cache')

test('a session that was signed off is dropped under every id it had', () => {
  const cache = createSessionCache(10)
  cache.put('a1', entryOf('ada', 'f1'))
  cache.put('a2', entryOf('ada', 'f1'))
  cache.put('a3', entryOf('ada', 'f2'))

  cache.dropCovered({ kind: 'session', family: 'f1', ref: 'a2', userId: 'ada' })

  assert.is(cache.get('a1'), undefined)
  assert.is(cache.get('a2'), undefined)
  assert.ok(cache.get('a3'))
})

test('a user who was signed off is dropped whole, and nobody else', () => {
  const cache = createSessionCache(10)
  cache.put('a1', entryOf('ada', 'f1'))
  cache.put('a2', entryOf('ada', 'f2'))
  cache.put('g1', entryOf('grace', 'f3'))

  cache.dropCovered({ kind: 'user', userId: 'ada', generation: 2 })

  assert.is(cache.size, 1)
  assert.ok(cache.get('g1'))
})

test('the survivor of signing off the others is dropped too, since its record has changed', () => {
  const cache = createSessionCache(10)
  cache.put('a1', entryOf('ada', 'f1'))

  cache.dropCovered({ kind: 'user', userId: 'ada', generation: 2, except: 'f1' })

  assert.is(cache.size, 0)
})

test('a full cache makes room by its oldest entry', () => {
  const cache = createSessionCache(2)
  for (const id of ['a', 'b', 'c']) cache.put(id, entryOf('ada', id))

  assert.is(cache.get('a'), undefined)
  assert.is(cache.size, 2)
})

test('what was used since gets another chance, once', () => {
  const cache = createSessionCache(2)
  cache.put('a', entryOf('ada', 'a')).used = true
  cache.put('b', entryOf('ada', 'b'))

  cache.put('c', entryOf('ada', 'c'))
  assert.ok(cache.get('a'))
  assert.is(cache.get('b'), undefined)

  cache.put('d', entryOf('ada', 'd'))
  assert.is(cache.get('a'), undefined)
})

test('a cache in which everything is in use still makes room', () => {
  const cache = createSessionCache(3)
  for (const id of ['a', 'b', 'c']) cache.put(id, entryOf('ada', id)).used = true

  cache.put('d', entryOf('ada', 'd'))

  assert.is(cache.size, 3)
  assert.ok(cache.get('d'))
})

test('ten thousand sessions of a user are gone at once, and are taken out by turns', () => {
  const due: Array<() => void> = []
  const cache = createSessionCache(20_000, (work) => due.push(work))
  for (let i = 0; i < 10_000; i++) cache.put(`a${i}`, entryOf('ada', `f${i}`))
  cache.put('g1', entryOf('grace', 'g'))

  cache.dropCovered({ kind: 'user', userId: 'ada', generation: 2 })

  assert.is(cache.size, 1)
  assert.is(cache.get('a9999'), undefined)
  let turns = 0
  for (let work = due.shift(); work; work = due.shift()) {
    work()
    turns++
  }
  assert.is(turns, 20)
  assert.is(cache.size, 1)
})

test('a user who was signed off and signs in again while the old sessions are taken out keeps the new one', () => {
  const due: Array<() => void> = []
  const cache = createSessionCache(10, (work) => due.push(work))
  cache.put('a1', entryOf('ada', 'f1'))
  cache.dropCovered({ kind: 'user', userId: 'ada', generation: 2 })

  cache.put('a2', entryOf('ada', 'f2'))
  for (const work of due) work()

  assert.ok(cache.get('a2'))
  assert.is(cache.size, 1)
})

test('what is over makes room before anything that is not', () => {
  const cache = createSessionCache(2, () => undefined)
  cache.put('g1', entryOf('grace', 'g'))
  cache.put('a1', entryOf('ada', 'f1'))
  cache.dropCovered({ kind: 'user', userId: 'ada', generation: 2 })

  cache.put('l1', entryOf('alan', 'l'))

  assert.ok(cache.get('g1'))
  assert.ok(cache.get('l1'))
})

function entryOf(userId: string, family: string): FoundSession {
  const session: SessionRecord = {
    v: 1,
    ref: family,
    family,
    revision: 1,
    user: { id: userId, name: userId, email: null, picture: null, roles: [] },
    provider: 'dev',
    era: 0,
    generation: 1,
    createdAt: 0,
    authTime: 0,
    amr: [],
    acr: null,
    idleTtlMs: 1,
    expiresAt: 1,
    device: { userAgent: '', ip: '' },
  }
  return {
    session,
    idleUntil: Number.POSITIVE_INFINITY,
    expiresAt: Number.POSITIVE_INFINITY,
    reportAfter: Number.POSITIVE_INFINITY,
  }
}

test.run()
