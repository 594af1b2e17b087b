import { parseMember } from '@curfew/contract'
import { deferred, eventually, givenSession, signOff } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenGuardBehindProxy } from './testing/given-guard-behind-proxy.js'

const test = suite('guard: acknowledgements')

test('when it is acknowledged memory was dropped, connections were closed and hooks have finished', async () => {
  await using world = await givenGuardBehindProxy()
  const acknowledged = await world.acknowledged()
  const { cookie, record } = await givenSession(world.redis, world.namespace)
  await world.guard.decide(cookie)
  const story: unknown[] = []
  const note = (what: string) => {
    story.push([what, world.guard.stats().entries, world.guard.stats().held, acknowledged.length])
  }
  world.guard.hold(record, () => note('closed'))
  // Its first look at Redis is answered before this is.
  await world.guard.renew()
  world.guard.onSignOff(async () => {
    note('hook begins')
    // Long enough that an acknowledgement which did not wait would have been heard.
    for (let rounds = 0; rounds < 5; rounds++) await world.ears.ping()
    note('hook ends')
  })

  await signOff(world.redis, world.namespace, { session: record })
  await eventually(() => acknowledged.length > 0)

  assert.equal(story, [
    ['closed', 0, 0, 0],
    ['hook begins', 0, 0, 0],
    ['hook ends', 0, 0, 0],
  ])
})

test('sign-offs that are heard together are acknowledged by one message, which says the newest', async () => {
  await using world = await givenGuardBehindProxy()
  const acknowledged = await world.acknowledged()

  const sessions = await Promise.all(['1', '2', '3'].map(() => givenSession(world.redis, world.namespace)))

  // What one transaction says comes in one piece.
  await world.redis.multi({ pipeline: false })
  for (const { record } of sessions) await signOff(world.redis, world.namespace, { session: record })
  await world.redis.exec()
  await eventually(() => acknowledged.length > 0)

  assert.equal(acknowledged, [3])
})

test('an acknowledgement that gets lost is said again by the next hello', async () => {
  // No hello is due by itself.
  await using world = await givenGuardBehindProxy({ leaseMs: 60_000 })
  const acknowledged = await world.acknowledged()
  // What the guard sends is lost in the network from here on, and the sign-off is heard all the same.
  world.proxy.lose('commands')
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => world.guard.stats().sequence === 1 && world.proxy.lost > 0)
  world.proxy.pass('commands')
  assert.equal(acknowledged, [])

  world.proxy.cut()
  // There is a lease, whether or not a hello got through: the connection may not be back.
  await eventually(async () => (await world.guard.renew()) && acknowledged.length > 0)

  assert.equal(acknowledged, [1])
})

test('who joins acknowledges nothing before memory was emptied and the hooks were told', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 60_000 })
  const acknowledged = await world.acknowledged()
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await eventually(() => acknowledged.length > 0)
  const said: unknown[] = []
  world.guard.onSignOff(async (what) => {
    // Whatever was to be said by the next hello is in the table then.
    await world.guard.renew()
    await world.guard.renew()
    said.push([what, acknowledged.length, (await rowOf(world))?.acknowledged])
  })

  await world.redis.hdel(world.keys.members, world.guard.instance)
  await world.guard.renew()
  await eventually(() => acknowledged.length > 1)

  assert.equal(said, [['everything', 1, 0]])
  assert.equal(acknowledged, [1, 1])
})

// found 2026-11-26: the one before was said to have failed, too
test('a hook that fails for one sign-off has not failed for another that is under way', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 4_000 })
  const said: string[] = []
  world.ears.on('message', (_channel, message: string) => said.push(message))
  const acknowledged = await world.acknowledged()
  const failing = deferred<void>()
  world.guard.onSignOff(async (signOff) => {
    if (signOff === 'everything') return
    if (signOff.target.userId === 'good') return failing.promise
    failing.resolve()
    throw new Error('it fails')
  })

  await signOff(world.redis, world.namespace, { userId: 'good' })
  const bad = await signOff(world.redis, world.namespace, { userId: 'bad' })
  await eventually(() => acknowledged.includes(bad.sequence))

  assert.is(said.at(-1)?.split(' ')[3], `[${bad.sequence}]`)
})

// found 2026-11-26: the ten newest were
test('of any number of sign-offs whose hooks fail at once, each is said to have failed', async () => {
  await using world = await givenGuardBehindProxy()
  const failed = new Set<number>()
  world.ears.on('message', (_channel, message: string) => {
    const said: number[] = JSON.parse(message.split(' ')[3] ?? '[]')
    for (const sequence of said) failed.add(sequence)
  })
  const acknowledged = await world.acknowledged()
  world.guard.onSignOff(() => Promise.reject(new Error('it fails')))

  const sequences = await Promise.all(
    Array.from({ length: 40 }, async () => {
      return (await signOff(world.redis, world.namespace, { userId: 'ada' })).sequence
    }),
  )
  await eventually(() => acknowledged.includes(Math.max(...sequences)))

  assert.equal(failed, new Set(sequences))
  await world.guard.renew()
  assert.equal(new Set((await rowOf(world))?.hooksFailed), new Set(sequences))
})

// found 2026-11-27: nobody waited for them, and who left was not waited for either: they ended with the process
test('who is closed leaves once the hooks have finished that run by then', async () => {
  await using world = await givenGuardBehindProxy({ leaseMs: 60_000 })
  const acknowledged = await world.acknowledged()
  const [begun, finishes] = [deferred<void>(), deferred<void>()]
  world.guard.onSignOff(() => {
    begun.resolve()
    return finishes.promise
  })
  await signOff(world.redis, world.namespace, { userId: 'ada' })
  await begun.promise

  const closed = world.guard.close()
  // Long enough for it to leave, if it did not wait.
  for (let looks = 0; looks < 20; looks++) assert.ok(await rowOf(world))
  assert.equal(acknowledged, [])
  finishes.resolve()
  await closed
  await eventually(() => acknowledged.length > 0)

  assert.equal(acknowledged, [Number.MAX_SAFE_INTEGER])
  assert.is(await rowOf(world), null)
})

test.run()

/** What the table of members says of the instance. */
async function rowOf({ redis, keys, guard }: Awaited<ReturnType<typeof givenGuardBehindProxy>>) {
  return parseMember(guard.instance, (await redis.hget(keys.members, guard.instance)) ?? '')
}
