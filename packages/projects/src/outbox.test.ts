import { type CurfewEvent, createEvent } from '@curfew/contract'
import { freshNamespace, openRedis, type TestRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { projectKeys } from './keys.js'
import { createOutbox } from './outbox.js'

const test = suite('projects: outbox')

const NOON = Date.parse('2027-01-12T12:00:00Z')
const factAt = (timeMs: number) =>
  createEvent('projects', 'project.created', 'ada', { actor: 'ada' }, new Date(timeMs))

function world(redis: TestRedis) {
  const keys = projectKeys(freshNamespace())
  const recorded: CurfewEvent[] = []
  const delays: unknown[] = []
  const log = { isReachable: true }
  const nothing = () => undefined
  const outbox = createOutbox({
    redis,
    keys,
    record: async (fact) => {
      if (!log.isReachable) throw new Error('Connection is closed.')
      recorded.push(fact)
    },
    log: { debug: nothing, info: nothing, warn: (event) => delays.push(event), error: nothing },
    now: () => NOON,
  })
  return {
    outbox,
    recorded,
    delays,
    log,
    leave: (fact: CurfewEvent) => redis.hset(keys.outbox, fact.id, JSON.stringify(fact)),
    waiting: () => redis.hlen(keys.outbox),
  }
}

test('what is handed over is taken out', async () => {
  await using redis = await openRedis()
  const { outbox, recorded, leave, waiting } = world(redis)
  const fact = factAt(NOON)
  await leave(fact)

  await outbox.handOver([fact])

  assert.equal(recorded, [fact])
  assert.is(await waiting(), 0)
})

test('what can’t be handed over stays, is complained about, and fails nobody', async () => {
  await using redis = await openRedis()
  const { outbox, delays, log, leave, waiting } = world(redis)
  const fact = factAt(NOON)
  await leave(fact)
  log.isReachable = false

  await outbox.handOver([fact])

  assert.equal(delays, ['fact.delayed'])
  assert.is(await waiting(), 1)
})

test('what was left behind is handed over later, oldest first; what is fresh is its writer’s', async () => {
  await using redis = await openRedis()
  const { outbox, recorded, leave, waiting } = world(redis)
  const [older, old, fresh] = [factAt(NOON - 60_000), factAt(NOON - 10_000), factAt(NOON - 1_000)]
  for (const fact of [fresh, old, older]) await leave(fact)

  await outbox.sweep()

  assert.equal(recorded, [older, old])
  assert.is(await waiting(), 1)
})

test('what two instances find at the same time is handed over once', async () => {
  await using redis = await openRedis()
  const { outbox, recorded, leave, waiting } = world(redis)
  const old = factAt(NOON - 10_000)
  await leave(old)

  await Promise.all([outbox.sweep(), outbox.sweep()])

  assert.equal(recorded, [old])
  assert.is(await waiting(), 0)
})

test.run()
