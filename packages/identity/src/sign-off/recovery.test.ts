import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { keysOf } from '@curfew/contract'
import {
  eventually,
  freshNamespace,
  openHistory,
  openRedis,
  type RedisServer,
  startRedis,
} from '@curfew/testing'
import type { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { type GivenApp, givenApp, type SignedIn } from '../testing/given-app.js'
import { type RecordDurably, recordOnDisk } from './record-durably.js'
import { createRecovery, waitForOthersMs } from './recovery.js'
import type { UserRow } from './remembered.js'
import { parseRecordReply } from './replies.js'

const test = suite('identity: a Redis that has lost sign-offs')

const LEASE_MS = 40
const BEFORE = 'another:history'
const BLOCK = JSON.stringify({ at: 1, by: 'the-admin', reason: null })
const MALLORY = new Map([['mallory', { generation: '2', name: 'Mallory', blocked: BLOCK }]])
const POST = { method: 'POST', json: {} }

test('restored from an older copy: what was signed off since is signed off again, and nobody else', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { LEASE_MS: '5000' } })
  const [ada, grace] = [await app.login(), await app.login({ subject: 'grace' })]
  await using copy = await copyOf(server)
  await server.restart()
  await isReady(app)
  await signOut(ada)

  await copy.restore()

  await eventually(async () => (await app.ask('/readyz')).status === 200, { within: 15_000 })
  await eventually(async () => (await status(grace)) === 200)
  assert.is(await status(ada), 401)
  const types = (await told(app)).filter((type) => type !== 'sign-off.confirmed')
  assert.equal(types, ['session.created', 'session.created', 'session.revoked'])
})

// found 2026-11-26 by test/faults (--profile sentinel --seed 102): who had signed out the others was signed out with them
test('restored: who had signed out their other sessions since is still signed in, and the others are not', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { LEASE_MS: '5000' } })
  const [mine, phone] = [await app.login(), await app.login()]
  await using copy = await copyOf(server)
  await server.restart()
  await isReady(app)
  for (let times = 0; times < 2; times++) {
    const answer = await eventually(() =>
      unless503(mine.browser.fetchApi('/auth/logout', { method: 'POST', json: { scope: 'others' } })),
    )
    assert.is(readReceipt(answer).confirmed, true)
  }

  await copy.restore()

  await isReady(app)
  await eventually(async () => (await status(phone)) === 401)
  assert.is(await status(mine), 200)
  // found 2026-11-26 by test/faults (--profile sentinel --seed 204): it was told as one of all their sessions
  const reasons = (await app.events()).flatMap(({ type, data }) =>
    type === 'user.logged-out' ? data.reason : [],
  )
  assert.equal(reasons, ['others', 'others'])
})

test('restored while nobody had a lease any more: whoever remembers all that is missing records it again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, grace] = [await app.login(), await app.login({ subject: 'grace' })]
  await using copy = await copyOf(server)
  await server.restart()
  await isReady(app)
  await signOut(ada)

  await server.stop()
  await eventually(() => !app.guard.stats().following)
  await copy.restore()
  await isReady(app)

  assert.is(await status(ada), 401)
  assert.is(await status(grace), 200)
  assert.is((await told(app)).at(-1), 'session.revoked')
})

test('restored, and what is missing is remembered by nobody who lives: everybody signs in again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, grace] = [await app.login(), await app.login({ subject: 'grace' })]
  await using copy = await copyOf(server)
  await server.restart()
  await isReady(app)
  await signOut(ada)
  await server.stop()
  await eventually(() => !app.guard.stats().following)
  await copy.restore()
  // A service says hello that has seen more than this identity, of which it can't say what it was.
  await eventually(() => app.redis.hset(app.keys.history, 'seen', 99, 'lost', 1).then(() => true))
  await isReady(app)

  await eventually(async () => (await status(grace)) === 401)
  assert.is(await status(ada), 401)
  assert.is((await told(app)).at(-1), 'everyone.logged-out')
  const again = await app.login({ subject: 'grace' })
  assert.is(await status(again), 200)
})

// found 2026-11-26: what is missing was recorded again on top of what others had recorded meanwhile
test('a history in which others have signed off meanwhile is no place for what is missing: everybody signs in again', async () => {
  await using redis = await openRedis()
  const world = await recoveryOf(redis)
  await redis.hset(world.keys.history, { opened: '', openedAt: 1, lost: 1, seen: 3, forked: 1 })
  await redis.set(world.keys.sequence, 2)

  await world.recover({ head: 2, applied: 3 })

  assert.is(Number(await redis.get(world.keys.era)), 4)
})

// found 2026-11-26: who woke up after that could not show any more that still more was missing
test('who knew of less than everything leaves the history to be closed again by who knows more', async () => {
  await using redis = await openRedis()
  const world = await recoveryOf(redis)
  await redis.hset(world.keys.history, { openedAt: 1, lost: 1, seen: 2 })
  await redis.set(world.keys.sequence, 1)

  await world.recover({ head: 1, applied: 2 })

  assert.is(await redis.get(world.keys.era), null)
  assert.is(await redis.hget(world.keys.history, 'openedAt'), '2')
})

// found 2026-11-26: who knew of less signed everybody off, and who had seen more forgot the blocks that only it knew of
test('who does not know of every block lets an identity come first that does, and then one that knows of more', async () => {
  await using redis = await openRedis()
  const namespace = freshNamespace()
  const knowing = await recoveryOf(redis, { namespace, remembersFrom: 99, knows: 9, blocked: MALLORY })
  const other = await recoveryOf(redis, { namespace, remembersFrom: 99 })
  // A service has seen one more than both of them.
  await redis.hset(knowing.keys.history, { openedAt: 0, lost: 1, seen: 10 })

  await eventually(
    () => {
      other.tell({ head: 0, applied: 9, leased: true })
      knowing.tell({ head: 0, applied: 9 })
      return knowing.outcomes.length + other.outcomes.length > 0
    },
    { within: 15_000 },
  )

  assert.equal([knowing.outcomes, other.outcomes], [['everyone'], []])
  assert.is(await redis.hexists(knowing.keys.user('mallory'), 'blocked'), 1)
})

// found 2026-11-26 by test/faults (--profile sentinel --seed 202): an identity that had started in the middle of it signed
// everybody off at once, though another one remembered what was missing
test('who does not remember what is missing waits for an identity that does, also with a lease', async () => {
  await using redis = await openRedis()
  const world = await recoveryOf(redis, { remembersFrom: 1, knows: 2 })
  await redis.hset(world.keys.history, { openedAt: 0, lost: 1, seen: 2 })
  const beganAt = performance.now()

  await world.recover({ head: 0, applied: 2, leased: true })

  assert.ok(performance.now() - beganAt >= world.othersMs)
  assert.is(Number(await redis.get(world.keys.era)), 3)
})

// found 2026-11-26: the time from the first time had long passed
test('where a history is closed once more everybody gets their time once more', async () => {
  await using redis = await openRedis()
  const world = await recoveryOf(redis, { remembersFrom: 99 })
  await redis.hset(world.keys.history, { openedAt: 0, lost: 1, seen: 2 })
  world.tell({ head: 0, applied: 1 })
  const toldAt = performance.now()
  // Another identity recovers it, and nobody is behind for long.
  await eventually(() => performance.now() - toldAt > 3 * world.othersMs)
  const againAt = performance.now()

  await world.recover({ head: 0, applied: 1 })

  assert.ok(performance.now() - againAt >= world.othersMs)
})

// found 2026-11-26: it had waited for others in an earlier loss, and waited for nobody in the next one
test('everybody’s sign-off that arrives late signs nobody off because of a later loss', async () => {
  await using redis = await openRedis()
  const record = recordOnDisk(redis)
  let stray: Parameters<RecordDurably> | undefined
  const recordDurably: RecordDurably = async (...call) => {
    const reply = await record(...call)
    if (parseRecordReply(reply).kind === 'recorded') stray = call
    return reply
  }
  const { keys, recover } = await recoveryOf(redis, { remembersFrom: 99, recordDurably })
  await redis.hset(keys.history, { openedAt: 0, lost: 1, seen: 2 })
  await recover({ head: 0, applied: 1 })
  if (stray === undefined) return assert.unreachable('everybody was signed off')

  // Whoever wakes up late and has seen more closes the same history again; then Redis is restored, and has another one.
  for (const nonce of ['same', 'another']) {
    await redis.hset(keys.history, { lost: 1, seen: 9, ...(nonce === 'another' ? { nonce } : {}) })
    await record(...stray)

    assert.is(await redis.get(keys.era), '3', nonce)
    assert.equal(await redis.hmget(keys.history, 'lost', 'known'), ['1', null], nonce)
  }
})

// found 2026-11-26: what had got lost could not be recorded again any more, since its number was given to another one
test('a failover that loses a sign-off which nobody was promised signs nobody else out', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '5000' } })
  const { redis, keys } = app
  const [ada, grace, bob] = [
    await app.login(),
    await app.login({ subject: 'grace' }),
    await app.login({ subject: 'bob' }),
  ]
  assert.is(await status(bob), 200)
  const head = Number(await redis.get(keys.sequence))
  await ada.browser.fetchApi('/auth/logout', { ...POST, headers: { prefer: 'wait=0' } })
  await eventually(() => app.guard.stats().sequence === head + 1)
  await redis
    .multi()
    .set(keys.sequence, head)
    .del(keys.ended(ada.record.family), keys.signoffs)
    .hset(keys.history, 'nonce', 'promoted')
    .exec()
  // By a service whose lease still runs, and which has not heard of it.
  const history = await openHistory(redis, app.namespace)

  await bob.browser.fetchApi('/auth/logout', POST)
  await eventually(() => app.guard.stats().history === history, { within: 15_000 })

  assert.is(await status(grace), 200)
  assert.not((await told(app)).includes('everyone.logged-out'))
})

test('emptied by hand: who was blocked stays blocked, and can be found and unblocked', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [mallory, admin] = [await app.login({ subject: 'mallory', name: 'Mallory' }), await app.loginAdmin()]
  const { id } = mallory.record.user
  readReceipt(await admin.browser.fetchApi(`/auth/admin/users/${id}/block`, POST))

  await app.redis.flushall()
  await eventually(async () => Number(await app.redis.get(app.keys.sequence)) > 0)

  assert.is(await outcomeOf(app.login({ subject: 'mallory' })), 'user-blocked')
  const again = await app.loginAdmin()
  const found = await again.browser.fetchApi('/auth/admin/users?query=mallory')
  assert.match(found.text, id)
  assert.is((await again.browser.fetchApi(`/auth/admin/users/${id}/unblock`, POST)).status, 200)
  assert.is(await status(await app.login({ subject: 'mallory' })), 200)
})

// found 2026-11-26: a block that was lifted came back, when everybody was signed off within a minute
test('emptied by hand: who was blocked, and is not any more, signs in again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, admin] = [await app.login(), await app.loginAdmin()]
  const { id } = ada.record.user
  for (const what of ['block', 'unblock']) {
    assert.is((await admin.browser.fetchApi(`/auth/admin/users/${id}/${what}`, POST)).status, 200)
  }

  await app.redis.flushall()
  await eventually(async () => Number(await app.redis.get(app.keys.sequence)) > 0)

  assert.is(await status(await app.login()), 200)
})

test('emptied by hand, in the very moment of a login: the login waits until the blocks are known again', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { LEASE_MS: '5000' } })
  const [mallory, admin] = [await app.login({ subject: 'mallory' }), await app.loginAdmin()]
  readReceipt(await admin.browser.fetchApi(`/auth/admin/users/${mallory.record.user.id}/block`, POST))

  await app.redis.flushall()

  const outcome = await eventually(async () => {
    const outcome = await outcomeOf(app.login({ subject: 'mallory' }))
    return outcome === 'store-unavailable' ? null : outcome
  })
  assert.is(outcome, 'user-blocked')
})

test.run()

const isReady = (app: GivenApp) =>
  eventually(async () => (await app.ask('/readyz')).status === 200, { within: 15_000 })

/** 503 says nothing yet. */
const status = ({ browser }: SignedIn) =>
  eventually(async () => {
    const { status } = await browser.fetchApi('/auth/session')
    return status === 503 ? null : status
  })

async function signOut(who: SignedIn): Promise<void> {
  const receipt = readReceipt(await eventually(() => unless503(who.browser.fetchApi('/auth/logout', POST))))
  assert.is(receipt.confirmed, true)
  await who.browser.setCookie(`${who.cookie}; Path=/`)
}

async function unless503<T extends { status: number }>(answer: Promise<T>): Promise<T | null> {
  return (await answer).status === 503 ? null : answer
}

async function told(app: GivenApp): Promise<string[]> {
  return (await app.events()).map(({ type }) => type)
}

function outcomeOf(login: Promise<unknown>): Promise<string> {
  return login.then(
    () => 'let in',
    (error: unknown) => String(Reflect.get(Object(error), 'code')),
  )
}

/** The recovery of an identity without a lease that remembers every sign-off of the history before. */
async function recoveryOf(
  redis: Redis,
  {
    namespace = freshNamespace(),
    remembersFrom = 0,
    knows = null,
    blocked = new Map(),
    recordDurably = recordOnDisk(redis),
  }: {
    readonly namespace?: string
    readonly remembersFrom?: number
    readonly knows?: number | null
    readonly blocked?: ReadonlyMap<string, UserRow>
    readonly recordDurably?: RecordDurably
  } = {},
) {
  const keys = keysOf(namespace)
  const history = await openHistory(redis, namespace)
  await redis.hdel(keys.history, 'opened')
  const outcomes: Array<number | 'everyone'> = []
  const signOff = (sequence: number) => ({
    sequence,
    target: { kind: 'session', family: `f${sequence}`, ref: `r${sequence}`, userId: 'ada' } as const,
    reason: 'admin' as const,
    eventId: `e${sequence}`,
  })
  const recovery = createRecovery({
    recordDurably,
    keys,
    remembered: {
      between: (after, upTo) =>
        after < remembersFrom ? null : Array.from({ length: upTo - after }, (_, i) => signOff(after + i + 1)),
      blocked,
      upTo: knows === null ? null : { history: BEFORE, sequence: knows, since: 0 },
    },
    guard: { renew: async () => true },
    times: { idleTtlMs: 1_000, absoluteTtlMs: 1_000 },
    leaseMs: LEASE_MS,
    onRecovered: (outcome) => outcomes.push(outcome),
    onError: (error) => assert.unreachable(String(error)),
  })
  return {
    keys,
    othersMs: waitForOthersMs(LEASE_MS),
    outcomes,
    tell,
    async recover(told: Told) {
      await eventually(
        () => {
          tell(told)
          return outcomes.length > 0
        },
        { within: 15_000 },
      )
    },
  }

  function tell({ head, applied, leased = false }: Told): void {
    recovery.onBehind({ history, head, followed: { history: BEFORE, applied, leased } })
  }
}

interface Told {
  readonly head: number
  readonly applied: number
  readonly leased?: boolean
}

/** What an operator keeps: the files of a Redis that was stopped. */
async function copyOf(server: RedisServer) {
  await server.stop()
  const files = join(server.dir, 'appendonlydir')
  const kept = `${server.dir}-copy`
  await cp(files, kept, { recursive: true })
  return {
    async restore() {
      await server.stop()
      await rm(files, { recursive: true })
      await cp(kept, files, { recursive: true })
      await server.restart()
    },
    [Symbol.asyncDispose]: () => rm(kept, { recursive: true, force: true }),
  }
}
