import { eventually, freshNamespace, givenSession, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeCursor } from './cursors.js'
import { browserOf, givenFact, startEvents } from './testing/given-events.js'

const test = suite('events: what happened to me')

const ADMIN = { actor: 'root', actorName: 'Root Admin', ip: '192.0.2.7', userAgent: 'AdminBrowser/1.0' }
const MINE = { actor: 'ada', ip: '203.0.113.9', userAgent: 'CurfewTestBrowser/1.0' }

test('anybody signed in sees what is about them, and nothing that is about somebody else', async () => {
  await using world = await open()
  await world.fact({ subject: 'ada', type: 'session.created', data: { ...MINE, provider: 'dev', ref: 'r' } })
  await world.fact({ subject: 'grace', type: 'session.created', data: { actor: 'grace' } })
  await world.fact({ subject: 'grace', type: 'user.blocked', data: { ...MINE, reason: 'mine to do' } })
  await world.fact({ subject: null, type: 'instance.lost', data: { actor: 'system' } })
  await world.kept(4)

  const { status, events } = await world.ask('/events/mine')

  assert.is(status, 200)
  assert.equal(
    events.map(({ id, time, ...rest }) => rest),
    [
      {
        type: 'session.created',
        by: 'you',
        provider: 'dev',
        ref: 'r',
        device: 'CurfewTestBrowser/1.0',
        ip: '203.0.113.9',
      },
    ],
  )
})

// found 2026-11-26: whose session was ended with everybody's was not told
test('that everybody was signed out is in it, at its place, on whichever page', async () => {
  await using world = await open()
  const everybody = () =>
    world.fact({
      subject: null,
      type: 'everyone.logged-out',
      data: { actor: 'system', reason: 'store-behind' },
    })
  const expected: string[] = []
  for (const [i, isAll] of [true, false, false, true, false, true, true, true].entries()) {
    const written = isAll ? everybody() : world.fact({ subject: 'ada', data: { ...MINE, ref: `${i}` } })
    expected.unshift((await written).id)
    await world.fact({ subject: 'grace', data: { actor: 'grace' } })
  }
  await world.kept(16)

  for (const limit of [1, 2, 3, 8, 20]) {
    const ids: string[] = []
    let next: string | null = null
    do {
      const page = await world.ask(`/events/mine?limit=${limit}${next === null ? '' : `&before=${next}`}`)
      assert.ok(page.events.length <= limit)
      ids.push(...page.events.map(({ id }) => id))
      next = page.next
    } while (next !== null)
    assert.equal(ids, expected, `${limit} a page`)
  }
  const { events } = await world.ask('/events/mine?limit=1')
  assert.is(events[0]?.by, 'curfew')
})

test('nothing of an admin is in it: no name, no address, not what they wrote', async () => {
  await using world = await open()
  for (const type of ['user.blocked', 'user.unblocked', 'user.logged-out', 'session.revoked'] as const) {
    await world.fact({
      subject: 'ada',
      type,
      data: { ...ADMIN, reason: 'smells of fraud', blockedBy: 'root' },
    })
  }
  await world.kept(4)

  const { events, text } = await world.ask('/events/mine')

  assert.equal(new Set(events.map(({ by }) => by)), new Set(['admin']))
  assert.is(events.length, 4)
  for (const secret of ['root', 'Root', '192.0.2.7', 'AdminBrowser', 'fraud']) assert.not.match(text, secret)
})

test('it goes back page by page, and what is wrong is 422', async () => {
  await using world = await open()
  for (let i = 0; i < 5; i++) {
    await world.fact({ subject: 'ada', type: 'login.failed', data: { actor: null, reason: 'user-blocked' } })
    await world.fact({ subject: 'ada', type: 'token.revoked', data: { actor: 'system' } })
  }
  await world.kept(10)

  const first = await world.ask('/events/mine?limit=3')
  const second = await world.ask(`/events/mine?limit=3&before=${first.next}`)

  assert.equal([first.events.length, second.events.length, second.next], [3, 2, null])
  assert.is(new Set([...first.events, ...second.events].map(({ id }) => id)).size, 5)
  for (const wrong of ['limit=0', 'limit=1000', 'before=nonsense', 'user=grace']) {
    assert.is((await world.ask(`/events/mine?${wrong}`)).status, 422, wrong)
  }
})

// found 2026-11-27: it told anybody who is signed in how much happens in the whole system
test('the cursor says nothing of the log, and is for nobody else', async () => {
  await using world = await open()
  for (let i = 0; i < 3; i++) {
    await world.fact({ subject: 'ada', type: 'login.failed', data: { actor: null } })
    await world.fact({ subject: 'grace', type: 'login.failed', data: { actor: null } })
  }
  await world.kept(6)
  const cursorOf = async (user?: string) => (await world.ask('/events/mine?limit=1', user)).next ?? ''
  const statusOf = async (before: string) => (await world.ask(`/events/mine?before=${before}`)).status

  const [cursor, again, ofGrace] = [await cursorOf(), await cursorOf(), await cursorOf('grace')]

  assert.is(new Set([cursor, again, ofGrace]).size, 3)
  assert.equal(
    await Promise.all([cursor, again, ofGrace, encodeCursor(5)].map(statusOf)),
    [200, 200, 422, 422],
  )
})

test.run()

/** Ada, who is no admin. */
async function open() {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', roles: ['viewer'] })
  const events = await startEvents({ namespace })
  const browser = await browserOf(events, session)
  const graces = await browserOf(events, await givenSession(redis, namespace, { user: 'grace' }))
  return {
    fact: (wanted: Parameters<typeof givenFact>[2]) => givenFact(redis, namespace, wanted),
    kept: (count: number) => eventually(async () => (await events.store.ends())?.last === count),
    async ask(path: string, user = 'ada') {
      const { status, text } = await (user === 'ada' ? browser : graces).fetchApi(path)
      const { events = [], next = null }: Partial<Answer> = JSON.parse(text)
      return { status, text, events, next }
    },
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await graces[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

interface Answer {
  readonly events: ReadonlyArray<{ readonly id: string; readonly time: string; readonly by: string }>
  readonly next: string | null
}
