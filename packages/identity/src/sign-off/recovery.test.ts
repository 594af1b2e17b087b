import { keysOf, parseEvent, type TargetOfOne } from '@curfew/contract'
import { eventually, freshNamespace, openHistory, openRedis } from '@curfew/testing'
import type { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type RecordDurably, recordOnDisk } from './record-durably.js'
import { createRecovery, waitForOthersMs } from './recovery.js'
import type { UserRow } from './remembered.js'
import { parseRecordReply } from './replies.js'

const test = suite('identity: the recovery of a history that has lost sign-offs')

const LEASE_MS = 40
const BEFORE = 'another:history'
const BLOCK = JSON.stringify({ at: 1, by: 'the-admin', reason: null })
const MALLORY = new Map([['mallory', { generation: '2', name: 'Mallory', blocked: BLOCK }]])

// found 2026-11-26: what is missing was recorded again on top of what others had recorded meanwhile
test('a history in which others have signed off meanwhile is no place for what is missing: everybody signs in again', async () => {
  await using redis = await openRedis()
  await using world = await recoveryOf(redis)
  await redis.hset(world.keys.history, { opened: '', openedAt: 1, lost: 1, seen: 3, forked: 1 })
  await redis.set(world.keys.sequence, 2)

  await world.recover({ head: 2, applied: 3 })

  assert.is(Number(await redis.get(world.keys.era)), 4)
})

// found 2026-11-26: who woke up after that could not show any more that still more was missing
test('who knew of less than everything leaves the history to be closed again by who knows more', async () => {
  await using redis = await openRedis()
  await using world = await recoveryOf(redis)
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
  await using knowing = await recoveryOf(redis, { namespace, remembersFrom: 99, knows: 9, blocked: MALLORY })
  await using other = await recoveryOf(redis, { namespace, remembersFrom: 99 })
  // A service has seen one more than both of them.
  await redis.hset(knowing.keys.history, { openedAt: 0, lost: 1, seen: 10 })

  await eventually(
    () => {
      if (knowing.outcomes.length + other.outcomes.length > 0) return true
      other.tell({ head: 0, applied: 9, leased: true })
      knowing.tell({ head: 0, applied: 9 })
      return false
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
  await using world = await recoveryOf(redis, { remembersFrom: 1, knows: 2 })
  await redis.hset(world.keys.history, { openedAt: 0, lost: 1, seen: 2 })
  const beganAt = performance.now()

  await world.recover({ head: 0, applied: 2, leased: true })

  assert.ok(performance.now() - beganAt >= world.othersMs)
  assert.is(Number(await redis.get(world.keys.era)), 3)
})

// found 2026-11-26: the time from the first time had long passed
test('where a history is closed once more everybody gets their time once more', async () => {
  await using redis = await openRedis()
  await using world = await recoveryOf(redis, { remembersFrom: 99 })
  await redis.hset(world.keys.history, { openedAt: 0, lost: 1, seen: 2 })
  world.tell({ head: 0, applied: 1 })
  const toldAt = performance.now()
  // Another identity recovers it, and nobody is behind for long.
  await eventually(() => performance.now() - toldAt > 3 * world.othersMs)
  const againAt = performance.now()

  await world.recover({ head: 0, applied: 1 })

  assert.ok(performance.now() - againAt >= world.othersMs)
})

// found 2026-11-27: it did not say at which provider, so that the tokens that were back stayed good there
test('a session that is ended again is told with its provider and name where Redis has it back', async () => {
  await using redis = await openRedis()
  await using world = await recoveryOf(redis)
  await redis.hset(world.keys.history, { openedAt: 0, lost: 1, seen: 2 })
  const record = { v: 1, provider: 'dev', user: { name: 'Ada “Countess” Lovelace' } }
  await redis.set(world.keys.session('r1'), JSON.stringify(record))

  await world.recover({ head: 0, applied: 2, leased: true })

  const entries = await redis.xrange(world.keys.log, '-', '+')
  const [back, lost] = entries.map(([, [, json = '']]) => parseEvent(json))
  const common = { actor: 'system', reason: 'admin', recordedAgain: true }
  assert.equal(back?.data, {
    ...common,
    ref: 'r1',
    provider: 'dev',
    subjectName: 'Ada “Countess” Lovelace',
  })
  assert.equal(lost?.data, { ...common, ref: 'r2' })
  assert.is(await redis.exists(world.keys.session('r1')), 0)
})

// found 2026-11-27: it raised an error once a number was given, which Redis does not take back
test('a record that says nothing keeps no sign-off from being recorded again, and no survivor from surviving', async () => {
  await using redis = await openRedis()
  const nothing = ['no JSON', '5', 'null', '{"v":1}', '{"v":1,"user":null}']
  {
    await using world = await recoveryOf(redis)
    const { keys } = world
    await redis.hset(keys.history, { openedAt: 0, lost: 1, seen: nothing.length })
    for (const [i, record] of nothing.entries()) await redis.set(keys.session(`r${i + 1}`), record)

    await world.recover({ head: 0, applied: nothing.length, leased: true })

    assert.equal(world.outcomes, [nothing.length])
    assert.is(await redis.exists(nothing.map((_, i) => keys.session(`r${i + 1}`))), 0)
  }

  const others = { kind: 'user', userId: 'ada', generation: 2, except: 'mine' } as const
  await using world = await recoveryOf(redis, { targetOf: () => others })
  const { keys } = world
  await redis.hset(keys.history, { openedAt: 0, lost: 1, seen: 1 })
  await redis.hset(keys.user('ada'), { generation: 1 })
  const mine = '{"family":"mine","generation":1,"revision":1}'
  for (const [i, record] of [...nothing, mine].entries()) {
    await redis.set(keys.session(`r${i}`), record)
    await redis.zadd(keys.sessionsOf('ada'), i, `r${i}`)
  }

  await world.recover({ head: 0, applied: 1, leased: true })

  assert.equal(await redis.zrange(keys.sessionsOf('ada'), '0', '-1'), [`r${nothing.length}`])
  assert.is(await redis.zcard(keys.endedOf('ada', 1)), nothing.length)
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
  await using world = await recoveryOf(redis, { remembersFrom: 99, recordDurably })
  const { keys, recover } = world
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

test.run()

/** The recovery of an identity without a lease that remembers every sign-off of the history before. */
async function recoveryOf(
  redis: Redis,
  {
    namespace = freshNamespace(),
    remembersFrom = 0,
    knows = null,
    blocked = new Map(),
    targetOf = (sequence) => ({
      kind: 'session',
      family: `f${sequence}`,
      ref: `r${sequence}`,
      userId: 'ada',
    }),
    recordDurably = recordOnDisk(redis),
  }: {
    readonly namespace?: string
    readonly remembersFrom?: number
    readonly knows?: number | null
    readonly blocked?: ReadonlyMap<string, UserRow>
    readonly targetOf?: (sequence: number) => TargetOfOne
    readonly recordDurably?: RecordDurably
  } = {},
) {
  const keys = keysOf(namespace)
  const history = await openHistory(redis, namespace)
  await redis.hdel(keys.history, 'opened')
  const outcomes: Array<number | 'everyone'> = []
  const signOff = (sequence: number) => ({
    sequence,
    target: targetOf(sequence),
    reason: 'admin' as const,
    eventId: `e${sequence}`,
  })
  let underWay = 0
  const recovery = createRecovery({
    recordDurably: (...call) => {
      underWay++
      return recordDurably(...call).finally(() => underWay--)
    },
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
          if (outcomes.length > 0) return true
          tell(told)
          return false
        },
        { within: 15_000 },
      )
    },
    /** Redis goes after whatever is still asked of it. */
    [Symbol.asyncDispose]: async () => void (await eventually(() => underWay === 0)),
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
