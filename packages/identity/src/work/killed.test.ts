import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createEvent, type EventType, type SessionRecord } from '@curfew/contract'
import { eventually, redisUrl } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { givenWork } from '../testing/given-work.js'
import { tidyUser } from './tidy-user.js'

const test = suite('identity: background work, killed in the middle')

type World = Awaited<ReturnType<typeof givenIdentity>>
type EndAll = (world: World, user: SessionRecord['user']) => Promise<unknown>

/** So soon a job whose process was killed is taken up by another. Milliseconds. */
const LOCK_MS = 200

test('killed again and again while the provider is asked: the next one revokes, and the log says so once', async () => {
  await using world = await givenIdentity()
  const { record } = await world.login()
  await world.signOffs.endSession(record, 'logged-out', ADMIN)

  for (let life = 0; life < 3; life++) {
    await using process = await startProcess(world)
    await once(process.child, 'message')
  }
  await using work = await start(world)
  await eventually(async () => (await world.logged()).includes('token.revoked'))

  assert.equal(work.revoked, [record.ref])
  assert.is(await world.sessions.tokensOf(record.ref), null)
  assert.equal(await world.logged(), ['session.created', 'session.revoked', 'token.revoked'])
})

test('killed while the facts of a service are moved: none is lost, none is told twice, none overtakes', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const facts = Array.from({ length: 300 }, (_, i) =>
    createEvent('projects', 'project.created', 'ada', { actor: 'ada', project: `${i}` }),
  )
  for (const fact of facts) await guard.recordFact(fact)

  {
    await using _process = await startProcess(world)
    // A process takes its time to start.
    await eventually(async () => (await world.redis.xlen(world.keys.log)) > 0, { within: 30_000 })
  }
  const moved = await world.redis.xlen(world.keys.log)
  await using _work = await start(world)
  await eventually(async () => (await world.redis.xlen(world.keys.inbox('projects'))) === 0)

  assert.ok(moved < facts.length, 'it was killed in the middle')
  const told = await world.redis.xrange(world.keys.log, '-', '+')
  assert.equal(
    told.map(([, [, json = '']]) => JSON.parse(json).id),
    facts.map(({ id }) => id),
  )
})

test('tidying up that failed half-way is begun again, and revokes everything once', async () => {
  await using world = await givenIdentity()
  const logins = [await world.login(), await world.login(), await world.login()]
  const { user } = logins[0]!.record
  await world.signOffs.endUser(user, ADMIN, { reason: 'admin' })

  const failed = await tidyUser(world, user.id, () => Promise.reject(new Error('killed'))).catch(String)
  assert.match(String(failed), 'killed')
  await using work = await start(world)
  await eventually(async () => (await world.logged()).filter((type) => type === 'token.revoked').length === 3)

  assert.equal(work.revoked.toSorted(), logins.map(({ record }) => record.ref).toSorted())
  for (const { record } of logins) assert.is(await world.sessions.find(record.ref), null)
})

for (const [whose, told, endAll] of [
  ['a', 'user.logged-out', (world, user) => world.signOffs.endUser(user, ADMIN, { reason: 'admin' })],
  ['everybody’s', 'everyone.logged-out', (world) => world.endEveryone()],
] satisfies ReadonlyArray<[string, EventType, EndAll]>) {
  test(`sessions that expire before anybody tidied up after ${whose} sign-off lose no revocation`, async () => {
    await using world = await givenIdentity({ idleTtlMs: 60 })
    const { record } = await world.login()
    await endAll(world, record.user)
    const { idleTtlMs, createdAt } = record
    await eventually(() => Date.now() > createdAt + 2 * idleTtlMs)

    // Identity was away for long: what is due first is the sweep.
    assert.is(await world.sessions.sweepExpired(), 0)
    await using work = await start(world)
    await eventually(async () => (await world.logged()).includes('token.revoked'))

    assert.equal(work.revoked, [record.ref])
    assert.is(await world.sessions.find(record.ref), null)
    assert.is(await world.redis.zcard(world.keys.expiries), 0)
    assert.equal(await world.logged(), ['session.created', told, 'token.revoked'])
  })
}

test('killed between the log and the queue: the cursor has not moved, so the next one reads on from there', async () => {
  await using world = await givenIdentity()
  const first = await world.login()
  {
    await using _work = await start(world)
    await world.signOffs.endSession(first.record, 'logged-out', ADMIN)
    await eventually(async () => (await world.logged()).includes('token.revoked'))
  }
  const cursor = await world.redis.get(world.keys.cursor('work'))

  const second = await world.login()
  await world.signOffs.endSession(second.record, 'logged-out', ADMIN)
  assert.is(await world.redis.get(world.keys.cursor('work')), cursor)
  await using work = await start(world)
  await eventually(async () => (await world.sessions.tokensOf(second.record.ref)) === null)

  assert.equal(work.revoked, [second.record.ref])
})

test.run()

/** Each refresh token is told by the session that it is of. */
async function start(world: World) {
  return givenWork(world, {
    sessions: {
      ...world.sessions,
      async tokensOf(ref) {
        const tokens = await world.sessions.tokensOf(ref)
        return tokens && { ...tokens, refreshToken: ref }
      },
    },
    lockMs: LOCK_MS,
  })
}

/** Is killed as a power cut does it, at the end of its scope. */
async function startProcess(world: World): Promise<AsyncDisposable & { readonly child: ChildProcess }> {
  const file = new URL('../testing/work-process.js', import.meta.url)
  const child = fork(file, [
    await redisUrl(),
    world.namespace,
    world.tokenKey.toString('base64url'),
    String(LOCK_MS),
  ])
  return {
    child,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
