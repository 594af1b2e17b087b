import { parseSessionRecord, randomSessionId } from '@curfew/contract'
import { ServiceError } from '@curfew/service'
import { eventually, rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { recordOnDisk } from '../sign-off/record-durably.js'
import { createRecovery } from '../sign-off/recovery.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { finishedLogin, signInTo } from '../testing/logins.js'
import { createSessions } from './sessions.js'

const test = suite('identity: sessions')

test('a finished login becomes a session that a guard accepts, and the log says so', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()

  const { cookie, record } = await world.login()

  const decision = await guard.decide(cookie)
  assert.equal(decision, { kind: 'session', session: record })
  assert.equal(await world.logged(), ['session.created'])
})

test('neither the session id nor a token is anywhere in Redis', async () => {
  await using world = await givenIdentity()
  const { sessionId } = await world.login({
    tokens: {
      accessToken: 'secret-access',
      refreshToken: 'secret-refresh',
      idToken: 'secret-id',
      accessTokenExpiresAt: 1,
    },
  })

  const everything = await dump(world.redis, `{${world.namespace}:0}:*`)

  assert.ok(everything.includes('session.created'), 'the dump is not empty')
  assert.not.ok(everything.includes(sessionId))
  assert.not.ok(everything.includes('secret-'))
})

test('the tokens of a session can be read back, by identity', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()

  assert.is((await world.sessions.tokensOf(record.ref))?.refreshToken, 'refresh')
})

test('a second login does not end the first: people have several devices', async () => {
  await using world = await givenIdentity()
  const one = await world.login()
  const two = await world.login()

  const listed = await world.sessions.listOf(one.record.user.id)

  assert.equal(listed.map(({ record }) => record.ref).sort(), [one.record.ref, two.record.ref].sort())
})

test('a login refreshes name and roles', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login({ name: 'Ada Byron' })
  await world.login({ name: 'Ada Lovelace' })

  assert.is((await world.users.find(record.user.id))?.name, 'Ada Lovelace')
  assert.is((await world.users.search('byron', null)).users.length, 0)
  assert.is((await world.users.search('love', null)).users.length, 1)
})

test('a blocked user’s login is refused', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.block(record.user, ADMIN, 'left the company')

  await rejects(world.login({ beganAtSequence: 99 }), 'user-blocked')
})

test('a login that began before a block is refused also after the block was lifted', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  const beganAtSequence = Number((await world.redis.get(world.keys.sequence)) ?? 0)
  await world.signOffs.block(record.user, ADMIN, null)
  await world.unblock(record.user)

  await rejects(world.login({ beganAtSequence }), 'login-superseded')
  assert.is((await world.login({ beganAtSequence: beganAtSequence + 1 })).record.user.id, record.user.id)
})

test('a login that began before a sign-off everywhere is refused', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.endUser(record.user, ADMIN, { reason: 'everywhere' })

  await rejects(world.login({ beganAtSequence: 0 }), 'login-superseded')
})

test('a login that began before everybody was signed off is refused, whosever it is', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const old = await world.login()
  await guard.decide(old.cookie)

  await endEveryone(world)

  await rejects(world.login({ beganAtSequence: 0 }), 'login-superseded')
  await rejects(world.login({ subject: 'newcomer', beganAtSequence: 0 }), 'login-superseded')
  await eventually(() => guard.stats().sequence === 1)
  assert.is((await guard.decide(old.cookie)).kind, 'none')
  const fresh = await world.login({ beganAtSequence: 1 })
  assert.is((await guard.decide(fresh.cookie)).kind, 'session')
})

test('what ended is not brought back by being used', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const [one, other] = [await world.login(), await world.login({ subject: 'grace' })]
  assert.is(await world.sessions.touch(one.record.ref), true, 'while it lasts')
  await world.signOffs.endSession(one.record, 'logged-out', ADMIN)
  await world.signOffs.endUser(other.record.user, ADMIN, { reason: 'everywhere' })

  for (const { record, cookie } of [one, other]) {
    await world.sessions.touch(record.ref)
    assert.is((await guard.decide(cookie)).kind, 'none')
  }

  assert.is(await world.sessions.touch(one.record.ref), false)
  assert.is(await world.redis.zscore(world.keys.seen, one.record.ref), null)
  assert.equal(await world.sessions.listOf(other.record.user.id), [])
})

test('a refused login leaves nothing behind', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.block(record.user, ADMIN, null)
  const before = await world.redis.keys(`{${world.namespace}:0}:session:*`)

  await rejects(world.login({ beganAtSequence: 99 }), 'user-blocked')

  assert.equal(await world.redis.keys(`{${world.namespace}:0}:session:*`), before)
  assert.equal(await world.sessions.listOf(record.user.id), [])
})

test('a session id is used once', async () => {
  await using world = await givenIdentity()
  const sessionId = randomSessionId(0)
  const first = await world.sessions.create(sessionId, finishedLogin({ name: 'First' }))

  // found 2026-11-27: who met too much at once was told that it was our mistake (500), and not to try again
  await rejects(world.sessions.create(sessionId, finishedLogin({ name: 'Second' })), 'store-unavailable')

  assert.is((await world.sessions.find(first.ref))?.user.name, 'First')
})

test('a session that was not used is swept into session.expired, once, and its records go', async () => {
  await using world = await givenIdentity({ idleTtlMs: 50 })
  const { record } = await world.login()

  await eventually(async () => (await world.sessions.sweepExpired()) === 1)

  assert.is(await world.sessions.sweepExpired(), 0)
  assert.equal(await world.logged(), ['session.created', 'session.expired'])
  assert.is(await world.sessions.find(record.ref), null)
  assert.is(await world.redis.zcard(world.keys.expiries), 0)
  assert.is(await world.redis.zcard(world.keys.sessionsOf(record.user.id)), 0)
})

test('a session that is used meanwhile is not swept', async () => {
  await using world = await givenIdentity({ idleTtlMs: 60 })
  const { record } = await world.login()
  const late = performance.now() + 80
  await eventually(() => performance.now() > late)
  await world.redis.zadd(world.keys.seen, Date.now() + 60_000, record.ref)

  assert.is(await world.sessions.sweepExpired(), 0)
  assert.ok(await world.sessions.find(record.ref))
})

test('two sweeps at the same time report each session once', async () => {
  await using world = await givenIdentity({ idleTtlMs: 1 })
  for (let i = 0; i < 20; i++) await world.login()
  const late = performance.now() + 20
  await eventually(() => performance.now() > late)

  const counts = await Promise.all([world.sessions.sweepExpired(), world.sessions.sweepExpired()])

  assert.is(counts[0] + counts[1], 20)
  assert.is((await world.logged()).filter((type) => type === 'session.expired').length, 20)
})

test('1,000 logins and revocations at the same time leave no live session unlisted', async () => {
  await using world = await givenIdentity()
  const userId = (await world.login()).record.user.id
  const users = { id: userId, name: 'Ada' }

  await Promise.all(
    Array.from({ length: 1_000 }, async (_, i) => {
      try {
        const { record } = await world.login({ beganAtSequence: Number.MAX_SAFE_INTEGER })
        if (i % 3 === 0) await world.signOffs.endSession(record, 'admin', ADMIN)
        if (i % 100 === 0) await world.signOffs.endUser(users, ADMIN, { reason: 'admin' })
        if (i % 150 === 0) {
          await world.signOffs.endUser(users, ADMIN, { reason: 'everywhere', except: record.ref })
        }
      } catch (error) {
        // A login may be told to try again too often while everything is being ended.
        assert.is(error instanceof ServiceError && error.code, 'store-unavailable', String(error))
      }
    }),
  )

  const guard = await world.mountGuard()
  const listed = new Set((await world.sessions.listOf(userId)).map(({ record }) => record.ref))
  const stored = await world.redis.keys(`{${world.namespace}:0}:session:*`)
  const generation = Number(await world.redis.hget(world.keys.user(userId), 'generation'))
  let live = 0
  for (const key of stored) {
    const record = parseSessionRecord((await world.redis.get(key)) ?? '')
    if (record?.generation !== generation) continue
    live++
    assert.ok(listed.has(record.ref), 'a live session is listed')
  }
  assert.is(live, listed.size)
  assert.ok(guard.stats().following)
})

async function endEveryone({ redis, keys }: Awaited<ReturnType<typeof givenIdentity>>): Promise<void> {
  const recovery = createRecovery({
    recordDurably: recordOnDisk(redis),
    keys,
    remembered: { between: () => null, blocked: new Map(), upTo: null },
    guard: { renew: async () => true },
    times: { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 },
    leaseMs: 5_000,
    onRecovered: () => 'nobody asked for it',
    onError: (error) => assert.unreachable(String(error)),
  })
  assert.ok(await recovery.endEveryone({ ifBehind: null }))
}

async function dump(redis: Awaited<ReturnType<typeof givenIdentity>>['redis'], pattern: string) {
  const parts: string[] = []
  for (const key of await redis.keys(pattern)) {
    const type = await redis.type(key)
    const value =
      type === 'string'
        ? await redis.get(key)
        : type === 'hash'
          ? await redis.hgetall(key)
          : type === 'zset'
            ? await redis.zrange(key, '0', '-1')
            : await redis.xrange(key, '-', '+')
    parts.push(key, JSON.stringify(value))
  }
  return parts.join('\n')
}

// found 2026-11-26: in a failover it was our mistake (500), since the guard was at the new master already
test('while the guard follows another history than the one that is written to, signing in is not possible', async () => {
  await using world = await givenIdentity()
  const elsewhere = { stats: () => ({ history: 'another:history', sequence: 0 }), renew: async () => true }
  const { redis, keys, seal } = world
  const sessions = createSessions(redis, keys, seal, { idleTtlMs: 1_000, absoluteTtlMs: 1_000 }, elsewhere)

  await rejects(signInTo(sessions), 'store-unavailable')
  assert.equal(await world.logged(), [])
})

test.run()
