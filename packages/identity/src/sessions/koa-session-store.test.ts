import { refOf } from '@curfew/contract'
import { deferred, rejects, serve } from '@curfew/testing'
import Koa from 'koa'
import { createSession } from 'koa-session'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { finishedLogin } from '../testing/logins.js'
import { createKoaSessionStore, type KoaSessionData } from './koa-session-store.js'

const test = suite('identity: koa-session store')

type World = Awaited<ReturnType<typeof givenIdentity>>
type Store = Pick<ReturnType<typeof createKoaSessionStore>, 'get' | 'set' | 'destroy'>

// found before it was mended: koa-session saves at the end of a request, and a session that was ended
// while the request was under way came back. Each way in which it does so is one row.
const WAYS_TO_SAVE = [
  ['the handler changed the session', {}, true],
  ['the session is rolling', { rolling: true }, false],
  ['the session is renewed near its end', { renew: true, maxAge: 1_000 }, false],
] as const

for (const [way, options, changes] of WAYS_TO_SAVE) {
  test(`a session that ends while a request is under way stays ended, though ${way}`, async () => {
    await using world = await givenIdentity()

    assert.is(await comesBack(world, storeOf(world), options, changes), false)
  })
}

test('the same requests bring a session back in a store that saves unconditionally', async () => {
  // This is what makes the tests above tests: without our store's conditions they would be red.
  await using world = await givenIdentity()

  assert.is(await comesBack(world, unconditionalStore(world), {}, true), true)
  assert.is(await comesBack(world, unconditionalStore(world), { rolling: true }, false), true)
})

test('what has no user is not written', async () => {
  await using world = await givenIdentity()
  const { sessionId } = await world.login()

  const planted: KoaSessionData & { planted: string } = { planted: 'x' }
  await storeOf(world).set(`A${sessionId.slice(1)}`, planted, 0, contextOf({}))

  assert.is((await world.redis.keys(`{${world.namespace}:0}:session:*`)).length, 1)
})

test('a record is written once, by the save after a login', async () => {
  await using world = await givenIdentity()
  const state = { finishedLogin: finishedLogin() }
  const { sessionId } = await world.login()
  const fresh = freshId(sessionId)

  await storeOf(world).set(fresh, USER, 0, contextOf(state))

  assert.equal(await storeOf(world).get(fresh), { passport: { user: (await world.login()).record.user.id } })
})

test('the session that a login takes the place of is ended once the new one is there', async () => {
  await using world = await givenIdentity()
  const { sessionId, record } = await world.login()
  const login = contextOf({ finishedLogin: finishedLogin() })

  await storeOf(world).destroy(sessionId, login)
  assert.ok(await world.sessions.find(record.ref))
  await storeOf(world).set(freshId(sessionId), USER, 0, login)

  assert.is(await world.sessions.find(record.ref), null)
  assert.equal(await world.logged(), ['session.created', 'session.created', 'session.revoked'])
})

test('a login that is refused ends nothing', async () => {
  await using world = await givenIdentity()
  const { sessionId, record } = await world.login({ subject: 'grace' })
  const { record: blocked } = await world.login()
  await world.signOffs.block(blocked.user, ADMIN, null)
  const login = contextOf({ finishedLogin: finishedLogin() })

  await storeOf(world).destroy(sessionId, login)
  await rejects(storeOf(world).set(freshId(sessionId), USER, 0, login), 'user-blocked')

  assert.ok(await world.sessions.find(record.ref))
})

test('what goes wrong in between leaves a session more, which is listed, and never one less', async () => {
  await using world = await givenIdentity()
  const { sessionId, record } = await world.login()
  const store = createKoaSessionStore(world.sessions, () => Promise.reject(new Error('Redis is away')))
  const login = contextOf({ finishedLogin: finishedLogin() })

  await store.destroy(sessionId, login)
  const failure = await store.set(freshId(sessionId), USER, 0, login).catch((reason: unknown) => reason)

  assert.instance(failure, Error)
  const listed = await world.sessions.listOf(record.user.id)
  assert.equal(
    listed.map(({ record }) => record.ref).toSorted(),
    [record.ref, refOf(freshId(sessionId))].toSorted(),
  )
})

test('a session is ended by a sign-off, not by taking it out of the store', async () => {
  await using world = await givenIdentity()
  const { sessionId, record } = await world.login()

  const failure = await storeOf(world)
    .destroy(sessionId, contextOf({}))
    .catch((reason: unknown) => reason)

  assert.instance(failure, TypeError)
  assert.ok(await world.sessions.find(record.ref))
})

const USER = { passport: { user: 'ada' } }

const freshId = (sessionId: string) => `${sessionId.slice(0, -4)}abcd`

/** A request is held open while its session is ended. Is the session there again afterwards? */
async function comesBack(
  world: World,
  store: Store,
  options: { rolling?: boolean; renew?: boolean; maxAge?: number },
  changes: boolean,
): Promise<boolean> {
  const { sessionId, cookie, record } = await world.login()
  const arrived = deferred<void>()
  const mayGoOn = deferred<void>()
  const app = new Koa()
  app.use(
    createSession(
      {
        ...options,
        key: 'curfew',
        signed: false,
        store,
        externalKey: { get: () => sessionId, set: () => undefined },
      },
      app,
    ),
  )
  app.use(async (ctx) => {
    arrived.resolve()
    await mayGoOn.promise
    if (changes) ctx['session'].visits = 1
    ctx.body = 'done'
  })
  await using server = await serve(app.callback())

  const answer = fetch(server.url, { headers: { cookie } })
  await arrived.promise
  await world.signOffs.endSession(record, 'logged-out', ADMIN)
  mayGoOn.resolve()
  assert.is((await answer).status, 200)

  return (await world.sessions.find(record.ref)) !== null
}

function storeOf(world: World): Store {
  return createKoaSessionStore(world.sessions, async (ref) => {
    const record = await world.sessions.find(ref)
    if (record) await world.signOffs.endSession(record, 'replaced', ADMIN)
  })
}

/** As every koa-session store is written: set is SET. */
function unconditionalStore(world: World): Store {
  const remembered = new Map<string, string>()
  return {
    ...storeOf(world),
    async get(sessionId) {
      const data = await storeOf(world).get(sessionId)
      const json = await world.redis.get(world.keys.session(refOf(sessionId)))
      if (json) remembered.set(sessionId, json)
      return data
    },
    async set(sessionId) {
      await world.redis.set(world.keys.session(refOf(sessionId)), remembered.get(sessionId) ?? '')
    },
  }
}

function contextOf(state: object) {
  return { ctx: { ip: '127.0.0.1', get: () => '', state: { correlationId: 'c', ...state } } }
}

test.run()
