import { eventually, openHistory, rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { type RecordDurably, recordOnDisk } from './record-durably.js'
import type { SignOffs } from './sign-offs.js'

const test = suite('identity: sign-offs whose answer gets lost')

type World = Awaited<ReturnType<typeof givenIdentity>>
type Login = Awaited<ReturnType<World['login']>>

for (const [what, signOff, logged] of [
  [
    'one session',
    (signOffs, { record }) => signOffs.endSession(record, 'logged-out', ADMIN),
    'session.revoked',
  ],
  [
    'everywhere',
    (signOffs, { record }) => signOffs.endUser(record.user, ADMIN, { reason: 'everywhere' }),
    'user.logged-out',
  ],
  [
    'the others',
    (signOffs, { record: { user, ref } }) =>
      signOffs.endUser(user, ADMIN, { reason: 'everywhere', except: ref }),
    'user.logged-out',
  ],
  ['a block', (signOffs, { record }) => signOffs.block(record.user, ADMIN, 'lost laptop'), 'user.blocked'],
] satisfies ReadonlyArray<[string, (signOffs: SignOffs, login: Login) => unknown, string]>) {
  test(`it is recorded once, and answers as if nothing had been lost: ${what}`, async () => {
    await using world = await givenIdentity()
    const [mine, other] = [await world.login(), await world.login()]

    const signedOff = await signOff(losing(world, 1), mine)

    const receipt = signedOff?.receipt()
    assert.is(receipt?.event.sequence, 1)
    assert.is(receipt?.sessions, what === 'one session' || what === 'the others' ? 1 : 2)
    assert.equal(await world.logged(), ['session.created', 'session.created', logged])
    assert.is(await world.redis.get(world.keys.sequence), '1')
    assert.is(await world.redis.xlen(world.keys.signoffs), 1)
    const generation = Number(await world.redis.hget(world.keys.user(other.record.user.id), 'generation'))
    assert.is(generation, what === 'one session' ? 1 : 2)
  })
}

test('with both answers lost nothing is promised; it happened all the same, and the next try answers the same event', async () => {
  await using world = await givenIdentity()
  const guard = await world.mountGuard()
  const { cookie, record } = await world.login()

  await rejects(losing(world, 2).endSession(record, 'logged-out', ADMIN), 'store-unavailable')
  assert.is((await guard.decide(cookie)).kind, 'none')
  const [again, oncemore] = [
    await world.signOffs.endSession(record, 'logged-out', ADMIN),
    await world.signOffs.endSession(record, 'admin', ADMIN),
  ]

  assert.is(again?.receipt().event.sequence, 1)
  assert.equal(again?.receipt().event, oncemore?.receipt().event)
  assert.is((await again?.within())?.confirmed, true)
  assert.equal(await world.logged(), ['session.created', 'session.revoked'])
})

// found 2026-11-26: after a quarter of an hour it was a second one, which blocked a user again who had been unblocked
test('recorded again in a history that still holds it, however long after, it is the same', async () => {
  await using world = await givenIdentity({ leaseMs: 3_000 })
  const { redis, keys, namespace, signOffs, bell, users } = world
  const { record } = await world.login()
  await bell.lookAround()
  const block = await signOffs.block(record.user, ADMIN, null)
  if (block === null) return assert.unreachable('there is a user')
  await redis.del(keys.recorded(block.receipt().event.id))
  assert.is(await world.unblock(record.user), 'lifted')

  await redis.hset(keys.history, 'nonce', 'another')
  await openHistory(redis, namespace)
  await bell.lookAround()
  await eventually(() => block.facts().recorded.history.endsWith(':another'))

  assert.is((await users.find(record.user.id))?.blocked, null)
  assert.equal(await world.logged(), ['session.created', 'user.blocked', 'user.unblocked'])
  assert.is(block.receipt().sessions, 1)
})

test.run()

/** Sign-offs over a Redis that does what it is told, and of which so many answers never arrive. */
function losing({ redis, signOffsWith }: World, answers: number): SignOffs {
  const record = recordOnDisk(redis)
  let left = answers
  const recordDurably: RecordDurably = async (...what) => {
    const reply = await record(...what)
    if (left-- > 0) throw new Error('Command timed out')
    return reply
  }
  return signOffsWith({ recordDurably })
}
