import { keysOf } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { evaluate } from '@curfew/guard/evaluate'
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
import { status, told } from '../testing/from-outside.js'
import { givenApp } from '../testing/given-app.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { signInTo } from '../testing/logins.js'
import { recordOnDisk } from './record-durably.js'
import { createRecovery, waitForOthersMs } from './recovery.js'
import { rememberSignOffs } from './remembered.js'
import { parseWitnessReply } from './replies.js'
import { WITNESS_HISTORY } from './scripts.js'

const test = suite('identity: a Redis that is behind')

// found 2026-11-26: a login in the last moments of a lease from before was 500, after ten tries
test('it signs nobody in, signs nobody off and answers for nobody, and nobody is logged out by that', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const times = { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 }
  const { redis, keys, seal } = world
  const sessions = createSessions(redis, keys, seal, times, guard)
  const signOffs = world.signOffsWith({ guard })
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

test('an identity that has just started, and remembers nothing, waits for others before it ends every session', async () => {
  await using redis = await openRedis()
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  await givenSession(redis, namespace)
  await redis.hset(keys.history, 'nonce', 'n', 'lost', '1', 'seen', 7, 'openedAt', 7)
  let endedAfterMs = Number.POSITIVE_INFINITY

  const beganAt = performance.now()
  const starting = givenApp({ namespace, env: { LEASE_MS: '500' } })
  await eventually(async () => (await redis.get(keys.era)) !== null, { within: 15_000, everyMs: 5 })
  endedAfterMs = performance.now() - beganAt
  await using app = await starting

  assert.ok(endedAfterMs >= 2 * waitForOthersMs(500), `it waited ${endedAfterMs} ms`)
  assert.equal(await told(app), ['everyone.logged-out'])
  assert.is(await redis.get(keys.era), '8', 'an era that none of the sessions can be of')
})

test('of two identities that find it behind at the same time, and remember all, one records it again', async () => {
  await using world = await givenLoss()

  await world.recoverTwice({ seen: 2, remembersFrom: 0 })

  assert.equal(world.outcomes, [2])
  assert.is(await world.redis.get(world.keys.era), null)
  assert.equal(await world.redis.mget(world.keys.sequence, world.keys.ended(world.ada.family)), ['2', '2'])
  assert.ok((await world.users.find(world.mallory.user.id))?.blocked)
  assert.equal((await world.logged()).slice(world.loggedBefore), ['user.blocked', 'session.revoked'])
})

test('of two identities that find it behind at the same time, and don’t remember all, one ends every session', async () => {
  await using world = await givenLoss()

  await world.recoverTwice({ seen: 2, remembersFrom: 1, leaseMs: 100 })

  assert.equal(world.outcomes, ['everyone'])
  assert.is(await world.redis.get(world.keys.era), '3')
  assert.ok((await world.users.find(world.mallory.user.id))?.blocked, 'whom they know to be blocked stays so')
  assert.equal((await world.logged()).slice(world.loggedBefore), ['everyone.logged-out'])
})

test('what an identity remembers is not enough where somebody else has seen more', async () => {
  await using world = await givenLoss()

  await world.recoverTwice({ seen: 7, remembersFrom: 0, leaseMs: 100 })

  assert.equal(world.outcomes, ['everyone'])
  assert.is(await world.redis.get(world.keys.era), '8')
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

/** A block and a sign-off, which Redis then has lost, and two identities that were there. */
async function givenLoss() {
  const world = await givenIdentity()
  const { redis, keys } = world
  const guard = await world.mountGuard()
  const remembered = rememberSignOffs({ redis, keys, guard, onError: (error) => world.errors.push(error) })
  const [{ record: mallory }, { record: ada }] = [
    await world.login({ subject: 'mallory' }),
    await world.login(),
  ]
  await world.signOffs.block(mallory.user, ADMIN, null)
  await world.signOffs.endSession(ada, 'logged-out', ADMIN)
  await eventually(() => remembered.between(0, 2) !== null && remembered.blocked.size === 1)
  const outcomes: Array<number | 'everyone'> = []

  return {
    ...world,
    mallory,
    ada,
    outcomes,
    loggedBefore: (await world.logged()).length,
    /** Each is told that Redis is behind, and all that they do about it is done. */
    async recoverTwice({
      seen,
      remembersFrom,
      leaseMs = 5_000,
    }: {
      seen: number
      remembersFrom: number
      leaseMs?: number
    }): Promise<void> {
      await redis
        .multi()
        .set(keys.sequence, 0)
        .del(keys.signoffs, keys.ended(ada.family), keys.blocked)
        .hdel(keys.user(mallory.user.id), 'blocked', 'endedAt', 'endedBy')
        .hset(keys.history, 'nonce', 'restored', 'lost', '1', 'seen', seen)
        .hdel(keys.history, 'opened')
        .exec()
      const { history } = parseWitnessReply(
        await evaluate(redis, WITNESS_HISTORY, [keys.history, keys.sequence, keys.members], ['nonce']),
      )
      let done = 0
      const recoveries: Array<ReturnType<typeof createRecovery>> = []
      for (let identities = 0; identities < 2; identities++) {
        const recovery = createRecovery({
          recordDurably: recordOnDisk(redis),
          keys,
          remembered: {
            between: (after, upTo) => (after < remembersFrom ? null : remembered.between(after, upTo)),
            blocked: remembered.blocked,
            upTo: remembered.upTo,
          },
          guard: {
            async renew() {
              done++
              return true
            },
          },
          times: { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 },
          leaseMs,
          onRecovered: (outcome) => outcomes.push(outcome),
          onError: (error) => world.errors.push(error),
        })
        recoveries.push(recovery)
      }
      await eventually(() => {
        for (const { onBehind } of recoveries) {
          onBehind({
            history,
            head: 0,
            followed: { history: remembered.upTo?.history ?? '', applied: 2, leased: true },
          })
        }
        return done > 0
      })
    },
  }
}
