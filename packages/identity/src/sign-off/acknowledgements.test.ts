import { boundMs } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { deferred, eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { DROP_MEMBERS } from './scripts.js'

const test = suite('identity: acknowledgements')

const LEASE_MS = 1_200

test('a sign-off is confirmed by all only once the hooks of all have finished', async () => {
  // A hook has a quarter of a lease.
  await using world = await givenIdentity({ leaseMs: 3_000 })
  const guards = [await world.mountGuard(), await world.mountGuard({ service: 'events' })]
  await world.settled()
  const { record } = await world.login()
  const hook = deferred<void>()
  let begun = false
  guards[0]?.onSignOff(() => {
    begun = true
    return hook.promise
  })

  const signedOff = await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(() => begun && states(signedOff?.receipt()).includes('applied'))
  const early = signedOff?.receipt()
  hook.resolve()
  const late = await signedOff?.within()

  assert.equal([early?.confirmed, states(early)], [false, ['applied', 'pending']])
  assert.equal([late?.confirmed, states(late)], [true, ['applied', 'applied']])
})

test('a number that outlived its history confirms nothing, wherever it is said', async () => {
  await using world = await givenIdentity({ leaseMs: LEASE_MS })
  await world.settled()
  const { record } = await world.login()
  const history = await historyOf(world)
  await world.redis.hset(world.keys.members, 'projects-1', row(history, 0))
  const say = (...words: readonly unknown[]) =>
    world.redis.publish(world.keys.channels.acknowledgements, words.join(' '))

  // Before, in the middle, by the table, and what can't be read.
  await say('projects-1', 'another:history', 41, '[]')
  const signedOff = await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await say('projects-1', 'another:history', 42, '[]')
  await say('projects-1', history)
  await say('')
  await world.redis.hset(world.keys.members, 'projects-1', row('another:history', 43))
  await world.bell.lookAround()
  assert.equal(states(await signedOff?.within(20)), ['pending'])

  await say('projects-1', history, 1, '[]')
  const receipt = await signedOff?.within()

  assert.equal([receipt?.confirmed, states(receipt)], [true, ['applied']])
  assert.equal(world.errors, [])
})

test('an acknowledgement that nobody heard is found in the table', async () => {
  await using world = await givenIdentity({ leaseMs: LEASE_MS })
  await world.settled()
  const { record } = await world.login()
  const history = await historyOf(world)
  await world.redis.hset(world.keys.members, 'projects-1', row(history, 0))
  const signedOff = await world.signOffs.endSession(record, 'logged-out', ADMIN)

  await world.redis.hset(world.keys.members, 'projects-1', row(history, 1))
  assert.is(signedOff?.receipt().confirmed, false)
  await world.bell.lookAround()

  const { confirmed, instances } = (await signedOff?.within()) ?? {}
  assert.is(confirmed, true)
  assert.is(instances?.find(({ id }) => id === 'projects-1')?.state, 'applied')
})

test('a row is taken off only as it was found silent: one that was renewed meanwhile stays', async () => {
  await using world = await givenIdentity()
  const { redis, keys } = world
  const [silent, renewed] = [row('h', 1), row('h', 2)]
  await redis.hset(keys.members, 'projects-1', renewed, 'projects-2', silent)

  const dropped = await evaluate(
    redis,
    DROP_MEMBERS,
    [keys.members],
    ['projects-1', silent, 'projects-2', silent, 'projects-3', silent],
  )

  assert.is(dropped, 1)
  assert.equal(await redis.hgetall(keys.members), { 'projects-1': renewed })
})

test('until a bound after identity has first seen the history, what everybody acknowledges is not believed', async () => {
  const beganAt = performance.now()
  await using world = await givenIdentity({ leaseMs: 1_500 })
  await world.mountGuard()
  const { record } = await world.login()

  const signedOff = await world.signOffs.endSession(record, 'logged-out', ADMIN)
  await eventually(() => states(signedOff?.receipt()).includes('applied'))
  const early = signedOff?.receipt()
  const receipt = await signedOff?.within()
  const afterMs = performance.now() - beganAt

  assert.is(early?.confirmed, false, 'somebody may have a lease, and no row')
  assert.equal([receipt?.confirmed, states(receipt)], [true, ['applied']])
  assert.ok(afterMs >= boundMs(1_500) - 40, `it took ${afterMs} ms`)
})

test.run()

type World = Awaited<ReturnType<typeof givenIdentity>>

function states(receipt: { instances: ReadonlyArray<{ state: string }> } | undefined): string[] {
  return receipt?.instances.map(({ state }) => state).toSorted() ?? []
}

async function historyOf({ redis, keys }: World): Promise<string> {
  return (await redis.hget(keys.history, 'opened')) ?? ''
}

/** An instance as it stands in the table, of which there is no more than that. */
function row(history: string, acknowledged: number): string {
  const counts = { acknowledged, renewals: 1, leaseMs: LEASE_MS, renewedAt: 0 }
  return JSON.stringify({ service: 'projects', history, ...counts, hooksFailed: [] })
}
