import { boundMs } from '@curfew/contract'
import { eventually, openHistory, redisUrl } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { createBell } from './bell.js'
import { recordOnDisk } from './record-durably.js'
import { takeOver } from './take-over.js'

const test = suite('identity: a sign-off that another identity takes over')

const LEASE_MS = 1_000

// found 2026-11-26: the second identity had no members to wait for, and confirmed it at once
test('one of which nothing was left in a new history is confirmed by time, by the second identity, too', async () => {
  await using world = await givenIdentity({ leaseMs: LEASE_MS })
  const { redis, keys, namespace, signOffs, remembered } = world
  const { record } = await world.login()
  await world.bell.lookAround()
  const first = await signOffs.endSession(record, 'logged-out', ADMIN)
  if (first === null) return assert.unreachable('there is a session')
  await redis.hset(keys.history, 'nonce', 'another')
  await redis.del(keys.session(record.ref), keys.ended(record.family))
  const history = await openHistory(redis, namespace)
  const bell = createBell({
    redis,
    ears: new Redis(await redisUrl(), { lazyConnect: true, autoResubscribe: false }),
    recordDurably: recordOnDisk(redis),
    keys,
    remembered,
    boundMs: boundMs(LEASE_MS),
    self: 'identity',
    onError: (error) => assert.unreachable(String(error)),
  })
  // Settled: the second identity has known the history for longer.
  await bell.lookAround()
  await world.settled()
  await eventually(() => first.facts().recorded.history === history)
  const takenAt = performance.now()

  const second = await takeOver(
    { recordDurably: recordOnDisk(redis), keys, bell, onError: assert.unreachable },
    first.facts(),
  )
  const { confirmed } = await second.within()
  bell.close()

  assert.is(confirmed, true)
  assert.ok(performance.now() - takenAt >= LEASE_MS)
})

test.run()
