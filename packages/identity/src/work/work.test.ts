import { once } from 'node:events'
import { createEvent, parseEvent } from '@curfew/contract'
import { eventually, redisUrl, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { givenWork } from '../testing/given-work.js'

const test = suite('identity: background work')

type World = Awaited<ReturnType<typeof givenIdentity>>

test('the tokens of a session that was signed off are revoked at the provider, and thrown away', async () => {
  await using world = await givenIdentity()
  await using work = await givenWork(world)
  const { record } = await world.login()

  await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.equal(work.revoked, ['refresh'])
  assert.is(await world.sessions.tokensOf(record.ref), null)
})

test('signing a user off everywhere removes every record and revokes every token, once', async () => {
  await using world = await givenIdentity()
  await using work = await givenWork(world)
  const logins = [await world.login(), await world.login(), await world.login()]

  await world.signOffs.endUser(logins[0]!.record.user, ADMIN, { reason: 'admin' })
  await eventually(async () => (await world.logged()).filter((type) => type === 'token.revoked').length === 3)

  for (const { record } of logins) assert.is(await world.sessions.find(record.ref), null)
  assert.is(work.revoked.length, 3)
})

// found 2026-11-27: they were listed, counted, and told of as expired, until their time had come
test('when everybody was signed off every record goes, every token is revoked, and none is called expired', async () => {
  await using world = await givenIdentity()
  const before = [await world.login(), await world.login({ subject: 'grace' })]
  await world.endEveryone()
  const head = Number(await world.redis.get(world.keys.sequence))
  const after = await world.login({ subject: 'edda', beganAtSequence: head })
  await using work = await givenWork(world)

  await eventually(async () => (await world.logged()).filter((type) => type === 'token.revoked').length === 2)

  for (const { record } of before) {
    assert.is(await world.sessions.find(record.ref), null)
    assert.is((await world.users.find(record.user.id))?.sessions, 0)
  }
  assert.ok(await world.sessions.find(after.record.ref))
  assert.is((await world.users.find(after.record.user.id))?.sessions, 1)
  assert.equal(await world.redis.zrange(world.keys.expiries, '0', '-1'), [after.record.ref])
  assert.is(work.revoked.length, 2)
})

test('the log says by name whose tokens were revoked, and whose could not be', async () => {
  await using world = await givenIdentity()
  await using _work = await givenWork(world)
  const [alone, everywhere, unreadable] = [
    await world.login({ subject: 'ada', name: 'Ada Lovelace' }),
    await world.login({ subject: 'grace', name: 'Grace Hopper' }),
    await world.login({ subject: 'edda', name: 'Edda Editor' }),
  ]
  const { ref } = unreadable.record
  await world.redis.set(world.keys.tokens(ref), world.seal.seal('{}', 'another session'))

  await world.signOffs.endSession(alone.record, 'logged-out', ADMIN)
  await world.signOffs.endUser(everywhere.record.user, ADMIN, { reason: 'admin' })
  await world.signOffs.endSession(unreadable.record, 'logged-out', ADMIN)
  await eventually(async () => (await tokenEvents(world)).length === 3)

  assert.equal(await correlationsOf(world, 'token.'), [ADMIN.correlationId], 'of those who signed them off')
  assert.equal((await tokenEvents(world)).toSorted(), [
    'token.revocation-failed Edda Editor',
    'token.revoked Ada Lovelace',
    'token.revoked Grace Hopper',
  ])
})

// found 2026-11-27: what Redis cut off was never tidied up, and the tokens stayed good at the provider
test('tidying up that Redis has cut off is tried again', async () => {
  await using world = await givenIdentity()
  await using proxy = await startRedisProxy(await redisUrl())
  const redis = new Redis(proxy.url, { commandTimeout: 100, maxRetriesPerRequest: 0 }).on(
    'error',
    () => undefined,
  )
  await using work = await givenWork(world, { redis })
  const { record } = await world.login()
  await eventually(async () => (await redis.get(world.keys.cursor('work'))) !== null)

  proxy.hold('answers')
  await world.signOffs.endUser(record.user, ADMIN, { reason: 'admin' })
  await eventually(async () => (await jobsAside(world)) > SWEEPER)
  proxy.pass('answers')

  await eventually(async () => (await world.logged()).includes('token.revoked'))
  assert.equal(work.revoked, ['refresh'])
  assert.is(await world.sessions.find(record.ref), null)
  redis.disconnect()
})

test('the survivor of signing off the others keeps its record and its tokens', async () => {
  await using world = await givenIdentity()
  await using work = await givenWork(world)
  const [mine] = [await world.login(), await world.login()]

  await world.signOffs.endUser(mine.record.user, ADMIN, { reason: 'everywhere', except: mine.record.ref })
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.ok(await world.sessions.find(mine.record.ref))
  assert.ok(await world.sessions.tokensOf(mine.record.ref))
  assert.is(work.revoked.length, 1)
})

test('a provider that is away is asked again', async () => {
  await using world = await givenIdentity()
  let asked = 0
  await using _work = await givenWork(world, {
    revokeTokens: async () => {
      if (++asked === 1) throw new Error('the provider is away')
      return 'revoked'
    },
  })
  const { record } = await world.login()

  await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.is(asked, 2)
})

test('an expired session is found, told, and its tokens revoked', async () => {
  await using world = await givenIdentity({ idleTtlMs: 60 })
  await using work = await givenWork(world, { sweepEveryMs: 100 })
  await world.login()

  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.equal(await world.logged(), ['session.created', 'session.expired', 'token.revoked'])
  assert.is(work.revoked.length, 1)
})

// found 2026-11-27: up to ten at once, when one took longer than it was to the next
test('a process sweeps once at a time, and does everything else meanwhile', async () => {
  await using world = await givenIdentity()
  const release = new AbortController()
  let sweeps = 0
  const sweepExpired = async () => {
    if (++sweeps === 1) await once(release.signal, 'abort')
    return 0
  }
  const sessions = { ...world.sessions, sweepExpired }
  await using _work = await givenWork(world, { sessions, sweepEveryMs: 10 })
  await eventually(async () => (await sweepsBegun(world)) > 5)
  const { record } = await world.login()

  await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.is(sweeps, 1)
  release.abort()
  await eventually(() => sweeps > 1)
})

test('work acts on nothing that identity did not write, should it be in the log', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  const data = { actor: 'mallory', ref: record.ref, provider: record.provider }
  const lie = createEvent('projects', 'session.expired', record.user.id, data)
  const last = await world.redis.xadd(world.keys.log, '*', 'event', JSON.stringify(lie))

  await using work = await givenWork(world)
  await eventually(async () => (await world.redis.get(world.keys.cursor('work'))) === last)
  const other = await world.login()
  await world.signOffs.endSession(other.record, 'logged-out', ADMIN)
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.is(work.revoked.length, 1)
  assert.ok(await world.sessions.tokensOf(record.ref))
})

test('work that was left undone by a stopped process is done by the next one, and nothing twice', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.endSession(record, 'logged-out', ADMIN)

  for (let life = 0; life < 3; life++) {
    await using work = await givenWork(world)
    await eventually(async () => (await world.logged()).includes('token.revoked'))
    // A later life reads the same log on, from where the cursor is.
    assert.is(work.revoked.length, life === 0 ? 1 : 0)
  }

  assert.is((await world.logged()).filter((type) => type === 'token.revoked').length, 1)
})

test('a log that is read again from its beginning repeats nothing', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.endSession(record, 'logged-out', ADMIN)
  {
    await using _work = await givenWork(world)
    await eventually(async () => (await world.logged()).includes('token.revoked'))
  }

  await world.redis.del(world.keys.cursor('work'))
  await using work = await givenWork(world)
  await eventually(async () => (await world.redis.get(world.keys.cursor('work'))) !== null)

  assert.equal(work.revoked, [])
})

/** The next sweep is always among them. */
const SWEEPER = 1

/** How often it was time for one. */
async function sweepsBegun({ redis, keys }: World): Promise<number> {
  return Number(await redis.hget(`${keys.jobs}:identity:repeat:sweep-expired`, 'ic'))
}

/** BullMQ's jobs that have failed, or wait for their time. */
async function jobsAside({ redis, keys }: World): Promise<number> {
  const [failed, delayed] = ['failed', 'delayed'].map((state) =>
    redis.zcard(`${keys.jobs}:identity:${state}`),
  )
  return Number(await failed) + Number(await delayed)
}

/** Each once. */
async function correlationsOf({ redis, keys }: World, noun: string) {
  const entries = await redis.xrange(keys.log, '-', '+')
  const events = entries.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
  const ofNoun = events.filter(({ type }) => type.startsWith(noun))
  return [...new Set(ofNoun.map(({ data }) => data.correlationId))]
}

/** With the name that each is about. */
async function tokenEvents(world: World): Promise<string[]> {
  const entries = await world.redis.xrange(world.keys.log, '-', '+')
  const events = entries.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
  return events
    .filter(({ type }) => type.startsWith('token.'))
    .map(({ type, data }) => `${type} ${data.subjectName}`)
}

test.run()
