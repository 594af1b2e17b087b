import type { SessionRecord, SignOffTarget } from '@curfew/contract'
import { memoryInUse } from '@curfew/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CacheEntry, createSessionCache, type FoundSession, type SessionCache } from './session-cache.js'

const test = suite('guard: session cache, whatever is done to it')

const PLAIN = { noNullPrototype: true } as const
const MOST = 4

const id = fc.constantFrom('id1', 'id2', 'id3', 'id4', 'id5', 'id6', 'id7')
const user = fc.constantFrom('ada', 'grace', 'alan')
/** A family is of one user, and may have several ids. */
const family = fc.record({ user, name: fc.constantFrom('f1', 'f2') }, PLAIN)

const act = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('put'), id, family }, PLAIN) },
  { weight: 15, arbitrary: fc.record({ do: fc.constant('use'), id }, PLAIN) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop'), id }, PLAIN) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sign off a session'), family }, PLAIN) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sign off a user'), user }, PLAIN) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign off everyone') }, PLAIN) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear') }, PLAIN) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take out what is over') }, PLAIN) },
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

test('it holds what a list would hold that is searched from end to end', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const due: Array<() => void> = []
      const cache = createSessionCache(MOST, (work) => due.push(work))
      const list = createList(MOST)
      const ever: SessionRecord[] = []
      for (const one of acts) {
        if (one.do === 'put') {
          const entry = entryOf(one.family, one.id)
          ever.push(entry.session)
          cache.put(one.id, entry)
          list.put(one.id, { ...entry, used: false })
        } else if (one.do === 'take out what is over') {
          due.shift()?.()
        } else {
          carryOut(one, cache)
          carryOut(one, list)
        }
        for (const name of IDS) assert.is(cache.get(name)?.session, list.get(name)?.session, name)
        assert.is(cache.size, list.size)
        assert.ok(cache.size <= MOST)
        for (const session of ever) assert.is(cache.entryOf(session)?.session, list.entryOf(session)?.session)
      }
    }),
    { numRuns: 500, includeErrorInReport: true },
  )
})

for (const [way, leave] of [
  ['it is dropped', (cache, i) => cache.drop(`id${i}`)],
  ['its session is signed off', (cache, i) => cache.dropCovered(sessionTarget(familyNo(i)))],
  ['its user is', (cache, i) => cache.dropCovered({ kind: 'user', userId: `user${i}`, generation: 2 })],
  ['everything is dropped', (cache, i) => i % 100 === 0 && cache.clear()],
  ['others take its place', () => undefined],
] satisfies ReadonlyArray<[string, (cache: SessionCache, i: number) => unknown]>) {
  test(`nothing stays behind of what is gone: ${way}`, () => {
    const cache = createSessionCache(8)
    const fill = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        cache.put(`id${i}`, entryOf(familyNo(i)))
        leave(cache, i)
      }
    }
    fill(0, 1_000)
    const before = memoryInUse().heapUsed
    fill(1_000, 51_000)

    // One empty set for each user who ever was would be ten times as much.
    const more = memoryInUse().heapUsed - before
    assert.ok(more < 1_000_000, `${more} bytes more`)
  })
}

test.run()

const IDS = ['id1', 'id2', 'id3', 'id4', 'id5', 'id6', 'id7']

interface Kept {
  get(id: string): Pick<CacheEntry, 'used'> | undefined
  drop(id: string): void
  dropCovered(target: SignOffTarget): void
  clear(): void
}

function carryOut(act: Exclude<Act, { do: 'put' | 'take out what is over' }>, kept: Kept): void {
  if (act.do === 'use') {
    const entry = kept.get(act.id)
    if (entry !== undefined) entry.used = true
  } else if (act.do === 'drop') kept.drop(act.id)
  else if (act.do === 'clear') kept.clear()
  else kept.dropCovered(targetOf(act))
}

function targetOf(act: Extract<Act, { do: `sign off ${string}` }>): SignOffTarget {
  switch (act.do) {
    case 'sign off a session':
      return sessionTarget(act.family)
    case 'sign off a user':
      return { kind: 'user', userId: act.user, generation: 2 }
    case 'sign off everyone':
      return { kind: 'everyone', era: 7 }
  }
}

/** The same without any index, the oldest first. */
function createList(most: number) {
  let kept: Array<{ readonly id: string; readonly entry: ListEntry }> = []

  function makeRoom(): void {
    while (kept.length >= most) {
      const [oldest, ...others] = kept
      if (oldest === undefined) return
      kept = oldest.entry.used ? [...others, oldest] : others
      oldest.entry.used = false
    }
  }

  return {
    get: (id: string) => kept.find((one) => one.id === id)?.entry,
    put(id: string, entry: ListEntry) {
      kept = kept.filter((one) => one.id !== id)
      makeRoom()
      kept.push({ id, entry })
    },
    drop(id: string) {
      kept = kept.filter((one) => one.id !== id)
    },
    dropCovered(target: SignOffTarget) {
      kept = kept.filter(({ entry: { session } }) => {
        if (target.kind === 'everyone') return false
        if (target.kind === 'user') return session.user.id !== target.userId
        return session.family !== target.family
      })
    },
    clear() {
      kept = []
    },
    entryOf: ({ family, ref }: SessionRecord) =>
      kept.find(({ entry: { session } }) => session.family === family && session.ref === ref)?.entry,
    get size() {
      return kept.length
    },
  }
}

type ListEntry = FoundSession & Pick<CacheEntry, 'used'>

interface Family {
  readonly user: string
  readonly name: string
}

const familyNo = (i: number): Family => ({ user: `user${i}`, name: `f${i}` })

function familyOf({ user, name }: Family): string {
  return `${user} ${name}`
}

function sessionTarget(family: Family): SignOffTarget {
  return { kind: 'session', family: familyOf(family), ref: 'any', userId: family.user }
}

function entryOf(family: Family, ref = 'any'): FoundSession {
  const session: SessionRecord = {
    v: 1,
    ref,
    family: familyOf(family),
    revision: 1,
    user: { id: family.user, name: family.user, email: null, picture: null, roles: [] },
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
