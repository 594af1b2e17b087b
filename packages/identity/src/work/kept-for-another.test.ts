import { randomBytes } from 'node:crypto'
import { parseEvent } from '@curfew/contract'
import { eventually, redisUrl } from '@curfew/testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { givenWork } from '../testing/given-work.js'
import { createSeal, SealUnknown } from '../tokens/seal.js'

const test = suite('identity: tokens that only another identity can read')

type World = Awaited<ReturnType<typeof givenIdentity>>

// found 2026-11-27: while identities were updated one by one, or got a new key, an older one threw them away unrevoked
for (const [what, sealedFor] of [
  ['a newer version said', (world, ref) => world.seal.seal('v2;at=gold', ref)],
  ['are sealed with a key that is new', (_, ref) => createSeal([randomBytes(32)]).seal('{}', ref)],
] satisfies ReadonlyArray<[string, (world: World, ref: string) => string]>) {
  test(`those that ${what} wait for it, and are revoked by it`, async () => {
    await using world = await givenIdentity()
    const { record } = await world.login()
    const sealed = sealedFor(world, record.ref)
    await world.redis.set(world.keys.tokens(record.ref), sealed)
    await world.signOffs.endSession(record, 'logged-out', ADMIN)

    {
      await using older = await givenWork(world)
      await eventually(() => older.errors.some((error) => error instanceof SealUnknown))
      await eventually(() => isWaiting(world))
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

test('those that nobody could read for a day are given up, and the log says so', async () => {
  await using world = await givenIdentity()
  const { ref, provider, user } = (await world.login()).record
  await world.redis.set(world.keys.tokens(ref), world.seal.seal('v2;at=gold', ref))
  const longAgo = Date.now() - 24 * 60 * 60 * 1000
  const job = { ref, provider, userId: user.id, subjectName: user.name }
  await withQueue(world, (queue) => queue.add('revoke-tokens', job, { attempts: 11, timestamp: longAgo }))

  await using work = await givenWork(world)
  await eventually(async () => (await world.logged()).includes('token.revocation-failed'))

  assert.equal(work.revoked, [])
  assert.is(await world.redis.exists(world.keys.tokens(ref)), 0)
  const [last] = await world.redis.xrevrange(world.keys.log, '+', '-', 'COUNT', 1)
  assert.is(parseEvent(last?.[1][1] ?? '')?.data.reason, 'unreadable')
})

test.run()

const TOKENS = { accessToken: 'access', refreshToken: 'refresh', idToken: null, accessTokenExpiresAt: null }

async function withQueue(world: World, use: (queue: Queue) => Promise<unknown>): Promise<void> {
  const connection = new Redis(await redisUrl(), { maxRetriesPerRequest: null })
  const queue = new Queue('identity', { connection, prefix: world.keys.jobs })
  await use(queue)
  await queue.close()
  connection.disconnect()
}

/** The next sweep is always delayed, and besides that one what waits for another identity. */
async function isWaiting({ redis, keys }: World): Promise<boolean> {
  return (await redis.zcard(`${keys.jobs}:identity:delayed`)) > 1
}
