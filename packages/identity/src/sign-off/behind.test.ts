import { boundMs, keysOf } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import {
  eventually,
  freshNamespace,
  givenSession,
  openHistory,
  openRedis,
  rejects,
  signOff,
  startRedis,
  startRedisProxy,
} from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createSessions } from '../sessions/sessions.js'
import { type GivenApp, givenApp, type SignedIn } from '../testing/given-app.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { signInTo } from '../testing/logins.js'
import { recordOnDisk } from './record-durably.js'
import { createSignOffs } from './sign-offs.js'

const test = suite('identity: a Redis that is behind')

// found 2026-11-26: a login in the last moments of a lease from before was 500, after ten tries
test('it signs nobody in, signs nobody off and answers for nobody, and nobody is logged out by that', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const times = { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 }
  const { redis, keys, bell, seal } = world
  const sessions = createSessions(redis, keys, seal, times, guard)
  const recordDurably = recordOnDisk(redis)
  const signOffs = createSignOffs({ redis, recordDurably, keys, bell, guard, times })
  const { cookie, record } = await world.login()
  const before = await world.logged()

  await redis.multi().hset(keys.history, 'lost', '1').hdel(keys.history, 'opened').exec()
  await rejects(signInTo(sessions, { subject: 'grace' }), 'store-unavailable')
  await rejects(signOffs.endSession(record, 'logged-out', ADMIN), 'store-unavailable')
  await rejects(signOffs.endUser(record.user, ADMIN, { reason: 'everywhere' }), 'store-unavailable')
  await rejects(signOffs.block(record.user, ADMIN, null), 'store-unavailable')
  assert.equal(await guard.decide(cookie), { kind: 'unavailable' })
  assert.equal(await world.logged(), before)

  await redis.hdel(keys.history, 'lost')
  await openHistory(redis, world.namespace)
  await eventually(async () => (await guard.decide(cookie)).kind === 'session')
})

test('an identity that has just started, and remembers nothing, waits a bound before it ends every session', async () => {
  await using redis = await openRedis()
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  await givenSession(redis, namespace)
  await redis.hset(keys.history, 'nonce', 'n', 'lost', '1', 'seen', 7, 'openedAt', 7)
  const bound = boundMs(2_500)
  let endedAfterMs = Number.POSITIVE_INFINITY

  const beganAt = performance.now()
  const starting = givenApp({ namespace, env: { LEASE_MS: '2500' } })
  await eventually(async () => (await redis.get(keys.era)) !== null, { within: 15_000 })
  endedAfterMs = performance.now() - beganAt
  await using app = await starting

  assert.ok(endedAfterMs >= bound, `it waited ${endedAfterMs} ms`)
  assert.equal(await told(app), ['everyone.logged-out'])
  assert.is(await redis.get(keys.era), '8', 'an era that none of the sessions can be of')
})

test('of two identities that find it behind at the same time, each remembering all, it is recorded again once', async () => {
  await using server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const wanted = { redisUrl: server.url, namespace, env: { LEASE_MS: '5000' } }
  await using one = await givenApp(wanted)
  await using other = await givenApp({ ...wanted, env: { ...wanted.env, INSTANCE: 'identity-2' } })
  const [mallory, admin] = [await one.login({ subject: 'mallory' }), await one.loginAdmin()]
  await admin.browser.fetchApi(`/auth/admin/users/${mallory.record.user.id}/block`, POST)
  await eventually(() => [one, other].every(({ guard }) => guard.stats().sequence === 1))
  const { history } = one.guard.stats()

  await one.redis.flushall()
  await eventually(() => [one, other].every(({ guard }) => guard.stats().history !== history))

  assert.equal(
    [one, other].map(({ guard }) => guard.stats().sequence),
    [1, 1],
  )
  assert.equal(await told(one), ['user.blocked'])
  assert.is(await one.redis.get(one.keys.era), null)
  assert.is(await one.redis.xlen(one.keys.signoffs), 1)
})

test('of two identities that find it behind at the same time, neither remembering it, everybody is ended once', async () => {
  await using server = await startRedis({ appendonly: true })
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  const wanted = { redisUrl: server.url, namespace }
  await using one = await givenApp(wanted)
  await using other = await givenApp({ ...wanted, env: { INSTANCE: 'identity-2' } })
  const ada = await one.login()

  await one.redis.multi().hset(keys.history, 'lost', '1', 'seen', 9).hdel(keys.history, 'opened').exec()
  await eventually(async () => (await told(one)).includes('everyone.logged-out'))
  await Promise.all([one, other].map(isReady))

  await eventually(async () => (await status(ada)) === 401)
  assert.equal(await told(one), ['session.created', 'everyone.logged-out'])
  assert.is(await one.redis.get(keys.era), '10')
  await eventually(() => [one, other].every(({ guard }) => guard.stats().sequence === 10))
})

test('an instance that wakes up late and has seen more ends what was begun without it', async () => {
  await using server = await startRedis()
  await using proxy = await startRedisProxy(server.url)
  await using own = openAt(server.url)
  const namespace = freshNamespace()
  await using late = await mount(proxy.url, namespace)
  for (let i = 0; i < 3; i++) await signOff(own.redis, namespace, { userId: 'mallory' })
  await eventually(() => late.guard.stats().sequence === 3)

  proxy.hold('commands', 'answers', 'messages')
  await own.redis.flushall()
  await using app = await givenApp({ redisUrl: server.url, namespace })
  const ada = await app.login()
  assert.is(await status(ada), 200, 'nobody could know better')
  proxy.pass('commands', 'answers', 'messages')

  await eventually(async () => (await told(app)).includes('everyone.logged-out'))
  await eventually(async () => (await status(ada)) === 401)
  assert.is(await own.redis.get(app.keys.era), '4', 'after all that anybody has seen')
  assert.is(await status(await app.login()), 200)
  await eventually(() => late.guard.stats().following && late.guard.stats().sequence === 4)
})

test.run()

const POST = { method: 'POST', json: {} }

const isReady = (app: GivenApp) =>
  eventually(async () => (await app.ask('/readyz')).status === 200, { within: 15_000 })

/** 503 says nothing yet. */
const status = ({ browser }: SignedIn) =>
  eventually(async () => {
    const { status } = await browser.fetchApi('/auth/session')
    return status === 503 ? null : status
  })

async function told(app: GivenApp): Promise<string[]> {
  return (await app.events()).map(({ type }) => type)
}

function openAt(url: string) {
  const redis = new Redis(url)
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}

/** A service that mounts a guard, and nothing more. */
async function mount(redisUrl: string, namespace: string) {
  const guard = createGuard({
    redisUrl,
    namespace,
    service: 'projects',
    publicUrl: new URL('http://localhost'),
    leaseMs: 600,
  })
  await guard.ready()
  return { guard, [Symbol.asyncDispose]: () => guard.close() }
}
