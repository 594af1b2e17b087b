import { keysOf } from '@curfew/contract'
import { freshNamespace, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenStore } from '../testing/given-store.js'
import { startSessionSampler } from './session-sampler.js'

const test = suite('events: session sampler')

const MINUTE_MS = 60_000
const START_MS = Date.parse('2027-03-01T12:00:00Z')
const SPAN = { from: START_MS / 1_000, to: START_MS / 1_000 + 180, stepSeconds: 60 }

test('counts the sessions; of a minute the largest number counts, whoever counted', async () => {
  await using redis = await openRedis()
  await using given = await givenStore()
  const key = keysOf(freshNamespace()).expiries
  let nowMs = START_MS
  const start = () =>
    startSessionSampler({
      redis,
      key,
      store: given.store,
      onError: (error) => assert.unreachable(String(error)),
      now: () => nowMs,
    })
  await redis.zadd(key, 1, 'a', 2, 'b')
  const [one, other] = [start(), start()]
  await one.sample()
  await redis.zadd(key, 3, 'c')
  nowMs += MINUTE_MS - 1
  await other.sample()
  await redis.zrem(key, 'a', 'b', 'c')
  nowMs += MINUTE_MS
  await one.sample()
  await Promise.all([one.stop(), other.stop()])

  const { samples } = await given.store.tally(SPAN)
  assert.equal(samples, [
    { step: 0, most: 3 },
    { step: 1, most: 0 },
  ])
})

test('what can’t be counted is said, and the next minute is counted', async () => {
  await using given = await givenStore()
  const errors: unknown[] = []
  let fails = true
  const zcard = async () => {
    if (fails) throw new Error('Redis is away')
    return 7
  }
  const sampler = startSessionSampler({
    redis: { zcard },
    key: 'sessions',
    store: given.store,
    onError: (error) => errors.push(error),
    now: () => START_MS,
  })
  await sampler.sample()
  fails = false
  await sampler.sample()
  await sampler.stop()

  assert.is(errors.length, 2)
  assert.equal((await given.store.tally(SPAN)).samples, [{ step: 0, most: 7 }])
})

test.run()
