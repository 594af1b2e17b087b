import { randomBytes } from 'node:crypto'
import { parseEvent, type SessionUser } from '@curfew/contract'
import { eventually, redisUrl } from '@curfew/testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { givenWork } from '../testing/given-work.js'
import { createSeal } from '../tokens/seal.js'
import { LeftToAnother } from './wait-for-another.js'

const test = suite('identity: what only another identity can read')

type World = Awaited<ReturnType<typeof givenIdentity>>

// found 2026-11-27: while identities were updated one by one, or got a new key, an older one threw them away unrevoked
for (const [what, sealedFor] of [
  ['a newer version said', (world, ref) => world.seal.seal('v2;at=gold', ref)],
  ['are sealed with a key that is new', (_, ref) => createSeal([randomBytes(32)]).seal('{}', ref)],
] satisfies ReadonlyArray<[string, (world: World, ref: string) => string]>) {
  test(`tokens that ${what} wait for it, and are revoked by it`, async () => {
    await using world = await givenIdentity()
    const { record } = await world.login()
    const sealed = sealedFor(world, record.ref)
    await world.redis.set(world.keys.tokens(record.ref), sealed)
    await world.signOffs.endSession(record, 'logged-out', ADMIN)

    {
      await using older = await givenWork(world)
      await eventually(() => isWaiting(world))
      assert.ok(older.errors.some((error) => error instanceof LeftToAnother))
      assert.equal(older.revoked, [])
    }
    assert.is(await world.redis.get(world.keys.tokens(record.ref)), sealed)
    await withQueue(world, (queue) => queue.promoteJobs())
    await using newer = await givenWork(world, {
      sessions: { ...world.sessions, tokensOf: async () => TOKENS },
    })
    await eventually(async () => (await world.logged()).includes('token.revoked'))

    assert.equal(newer.revoked, ['refresh'])
    assert.equal(await world.logged(), ['session.created', 'session.revoked', 'token.revoked'])
  })
}

test('tokens that nobody could read for a day are given up, and the log says so', async () => {
  await using world = await givenIdentity()
  const { ref } = await waitingFor(world, { hours: 24 })

  await using work = await givenWork(world)
  await eventually(async () => (await world.logged()).includes('token.revocation-failed'))

  assert.equal(work.revoked, [])
  assert.is(await world.redis.exists(world.keys.tokens(ref)), 0)
  assert.is(await reasonOfLast(world), 'unreadable')
})

// found 2026-11-27: it was two failures then
test('given up again, since identity was killed in between, they have failed once', async () => {
  await using world = await givenIdentity()
  await waitingFor(world, { hours: 24 }, { hasWaited: true })
  await using _work = await givenWork(world)
  const failures = async () => (await world.logged()).filter((type) => type === 'token.revocation-failed')
  await eventually(async () => (await failures()).length === 1)

  await eventually(() =>
    withQueue(world, async (queue) => {
      const [job] = await queue.getFailed()
      return job?.retry().then(() => true)
    }),
  )
  await eventually(async () => (await failures()).length === 2)

  const told = await world.redis.xrevrange(world.keys.log, '+', '-', 'COUNT', 2)
  assert.is(new Set(told.map(([, [, json = '']]) => parseEvent(json)?.id)).size, 1)
})

// found 2026-11-27: they were looked at after 5, 11, 22 and 44 hours
test('tokens that have waited for hours are looked at every ten minutes, and when their day is over', async () => {
  for (const [hours, within] of [
    [12, 10 * MINUTE_MS],
    [24 - 1 / 12, 5 * MINUTE_MS],
  ] as const) {
    await using world = await givenIdentity()
    await waitingFor(world, { hours })
    await using _work = await givenWork(world)
    await eventually(() => isWaiting(world))

    const [job] = await withQueue(world, async (queue) =>
      (await queue.getDelayed()).filter(({ name }) => name === 'revoke-tokens'),
    )
    assert.ok(job && job.delay > 0 && job.delay <= within, `${job?.delay} ms`)
  }
})

// found 2026-11-27: nothing was said of them
test('of tokens that Redis let go of while they waited the log says that they were not revoked', async () => {
  await using world = await givenIdentity()
  const { ref } = await waitingFor(world, { hours: 12 })
  await using _work = await givenWork(world)
  await eventually(() => isWaiting(world))

  await world.redis.del(world.keys.tokens(ref))
  await withQueue(world, (queue) => queue.promoteJobs())
  await eventually(async () => (await world.logged()).includes('token.revocation-failed'))

  assert.is(await reasonOfLast(world), 'unreadable')
})

// found 2026-11-27: there was a job for each sign-off, and the second said of what the first had revoked that it was not
test('tokens that wait for another identity wait once, also where a second sign-off finds their session again', async () => {
  await using world = await givenIdentity()
  const { keys, redis, signOffs } = world
  const { ref, user, generation } = (await world.login()).record
  await redis.set(keys.tokens(ref), world.seal.seal('v2;at=gold', ref))
  const json = String(await redis.get(keys.session(ref)))
  await signOffs.endUser(user, ADMIN, { reason: 'admin' })
  {
    await using _older = await givenWork(world)
    await eventually(() => isWaiting(world))
    await eventually(async () => (await redis.exists(keys.session(ref))) === 0)
    await eventually(async () => (await redis.hget(keys.user(user.id), 'tidiedGeneration')) !== null)
    // As if it had been killed before it removed the session, and somebody blocked the user then.
    await redis
      .multi()
      .set(keys.session(ref), json)
      .zadd(keys.endedOf(user.id, generation), 0, ref)
      .hdel(keys.user(user.id), 'tidiedGeneration')
      .exec()
    await signOffs.block(user, ADMIN, null)
    await eventually(async () => (await redis.exists(keys.session(ref))) === 0)
  }

  await withQueue(world, (queue) => queue.promoteJobs())
  await using newer = await givenWork(world, {
    sessions: {
      ...world.sessions,
      tokensOf: async (of) => ((await redis.exists(keys.tokens(of))) ? TOKENS : null),
    },
  })
  await eventually(async () => (await unfinished(world)).length === 0)

  assert.equal(newer.revoked, ['refresh'])
  assert.equal(await world.logged(), ['session.created', 'user.logged-out', 'user.blocked', 'token.revoked'])
})

// found 2026-11-27: the older one was done with them at once, or after 17 minutes
for (const [whom, end] of [
  ['everybody', (world) => world.endEveryone()],
  ['a user', (world, user) => world.signOffs.endUser(user, ADMIN, { reason: 'admin' })],
] satisfies ReadonlyArray<[string, (world: World, user: SessionUser) => Promise<unknown>]>) {
  test(`a record that only a newer identity understands waits for it when ${whom} was signed off`, async () => {
    await using world = await givenIdentity()
    const { keys, redis } = world
    const { ref, user } = (await world.login()).record
    const json = String(await redis.get(keys.session(ref)))
    await redis.set(keys.session(ref), json.replace('"v":1', '"v":2'))
    await end(world, user)
    {
      await using older = await givenWork(world)
      await eventually(() => isWaiting(world))
      assert.ok(older.errors.some((error) => error instanceof LeftToAnother))
    }

    // As the newer one reads it.
    await redis.set(keys.session(ref), json)
    await withQueue(world, (queue) => queue.promoteJobs())
    await using newer = await givenWork(world)
    await eventually(async () => (await world.logged()).includes('token.revoked'))

    assert.equal(newer.revoked, ['refresh'])
    assert.is(await redis.exists(keys.session(ref)), 0)
  })
}

test.run()

const TOKENS = { accessToken: 'access', refreshToken: 'refresh', idToken: null, accessTokenExpiresAt: null }

const MINUTE_MS = 60_000

/** Tokens that are to be revoked since so many hours, and that nobody here can read. */
async function waitingFor(
  world: World,
  { hours }: { readonly hours: number },
  known: { readonly hasWaited?: boolean } = {},
) {
  const { ref, provider, user } = (await world.login()).record
  await world.redis.set(world.keys.tokens(ref), world.seal.seal('v2;at=gold', ref))
  const timestamp = Date.now() - hours * 60 * MINUTE_MS
  const job = { ref, provider, userId: user.id, subjectName: user.name, ...known }
  await withQueue(world, (queue) => queue.add('revoke-tokens', job, { attempts: 11, timestamp }))
  return { ref }
}

async function reasonOfLast({ redis, keys }: World) {
  const [last] = await redis.xrevrange(keys.log, '+', '-', 'COUNT', 1)
  return parseEvent(last?.[1][1] ?? '')?.data.reason
}

async function withQueue<T>(world: World, use: (queue: Queue) => Promise<T>): Promise<T> {
  const connection = new Redis(await redisUrl(), { maxRetriesPerRequest: null })
  const queue = new Queue('identity', { connection, prefix: world.keys.jobs })
  const result = await use(queue)
  await queue.close()
  connection.disconnect()
  return result
}

/** Revocations that are still to be done. */
async function unfinished(world: World) {
  const jobs = await withQueue(world, (queue) =>
    queue.getJobs(['waiting', 'active', 'delayed', 'prioritized']),
  )
  return jobs.filter(({ name }) => name === 'revoke-tokens')
}

/** The next sweep is always delayed, and besides that one what waits for another identity. */
async function isWaiting({ redis, keys }: World): Promise<boolean> {
  return (await redis.zcard(`${keys.jobs}:identity:delayed`)) > 1
}
