import { ConfigInvalid } from '@curfew/service'
import { eventually, openRedis, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { askRedis } from './ask-redis.js'
import { requireDurable } from './require-durable.js'
import { type RedisFacts, shortcomingsOf } from './shortcomings.js'

const test = suite('identity: what Redis can guarantee')

const GOOD: RedisFacts = {
  version: '7.0.15',
  role: 'master',
  appendonly: true,
  appendfsync: 'always',
  pausesSyncing: false,
  evictionPolicy: 'noeviction',
  replicas: 0,
  user: 'identity',
  tellsScripts: true,
}
const ALONE = { replicas: 0, isLocal: false }

test('one Redis that syncs each write has no shortcoming', () => {
  assert.equal(shortcomingsOf(GOOD, ALONE), { lasting: [], passing: [] })
})

for (const [what, facts, wanted, sentence] of [
  ['too old', { version: '6.0.16' }, ALONE, 'too old'],
  ['a replica', { role: 'slave' }, ALONE, 'lead to the master'],
  ['without an append-only file', { appendonly: false }, ALONE, 'Set appendonly yes'],
  ['synced every second', { appendfsync: 'everysec' }, ALONE, 'Set appendfsync always'],
  ['silent about its settings', { appendfsync: null }, ALONE, 'let CONFIG GET be read'],
  ['not syncing while it rewrites', { pausesSyncing: true }, ALONE, 'Set no-appendfsync-on-rewrite no'],
  ['evicting', { evictionPolicy: 'allkeys-lru' }, ALONE, 'Set maxmemory-policy noeviction'],
  ['replicated behind our back', { replicas: 2 }, ALONE, 'Set REDIS_REPLICAS to 2'],
  // found 2026-11-26: WAIT is content with any two of three, and the third may be promoted
  [
    'replicated more than is waited for',
    { replicas: 3 },
    { ...ALONE, replicas: 2 },
    'Set REDIS_REPLICAS to 3',
  ],
  ['hiding INFO', { tellsScripts: false }, ALONE, 'hides INFO'],
] as const) {
  test(`a Redis that is ${what} is not enough, and one sentence says what to do`, () => {
    const { lasting, passing } = shortcomingsOf({ ...GOOD, ...facts }, wanted)

    assert.is(lasting.length, 1)
    assert.match(lasting[0] ?? '', sentence)
    assert.equal(passing, [])
  })
}

test('a replica that is missing now does not keep identity from starting', () => {
  const { lasting, passing } = shortcomingsOf({ ...GOOD, replicas: 1 }, { replicas: 2, isLocal: false })

  assert.equal(lasting, [])
  assert.match(passing[0] ?? '', 'Only 1 of 2 replicas')
})

test('the default user is pointed out where others can reach Redis', () => {
  const facts = { ...GOOD, user: 'default' }

  assert.match(shortcomingsOf(facts, ALONE).passing[0] ?? '', 'access rules')
  assert.equal(shortcomingsOf(facts, { ...ALONE, isLocal: true }).passing, [])
})

test('a real Redis that syncs each write is accepted', async () => {
  await using server = await startRedis({ appendonly: true })
  await using redis = openAt(server.url)

  await requireDurable(redis.redis, settings(server.url), redis.log)

  assert.equal(redis.logged, [])
})

test('a real Redis in memory is refused, by a sentence, unless that is accepted', async () => {
  await using redis = await openRedis()
  const url = `redis://127.0.0.1:${redis.options.port}`
  await using looking = openAt(url)

  const refused = await requireDurable(redis, settings(url), looking.log).catch((error: unknown) => error)
  assert.instance(refused, ConfigInvalid)
  assert.match(String(refused), 'Set appendonly yes')
  assert.match(String(refused), 'ACCEPT_A_REDIS_THAT_MAY_FORGET=yes')

  await requireDurable(redis, { ...settings(url), ACCEPT_A_REDIS_THAT_MAY_FORGET: 'yes' }, looking.log)
  assert.is(looking.logged.length, 1)
})

test('a Redis that falls short later, as another master may, is warned of', async () => {
  await using server = await startRedis({ appendonly: true })
  await using redis = openAt(server.url)
  await using admin = openAt(server.url)
  await requireDurable(redis.redis, settings(server.url), redis.log)

  await admin.redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await admin.redis.call('CLIENT', 'KILL', 'TYPE', 'normal')

  await eventually(() => redis.logged.length > 0)
  assert.equal(redis.logged, ['redis.falls-short'])
})

test('a real Redis that lets us ask nothing but what we need is asked no more', async () => {
  await using server = await startRedis({ appendonly: true })
  await using admin = openAt(server.url)
  await admin.redis.call('ACL', 'SETUSER', 'mean', 'on', '>pass', '~*', '+@all', '-config', '-acl')
  await using mean = openAt(server.url.replace('//', '//mean:pass@'))

  const facts = await askRedis(mean.redis)

  assert.equal(
    [facts.appendonly, facts.appendfsync, facts.user, facts.tellsScripts],
    [true, null, null, true],
  )
})

test.run()

function settings(url: string) {
  return { REDIS_URL: new URL(url), REDIS_REPLICAS: 0, ACCEPT_A_REDIS_THAT_MAY_FORGET: 'no' } as const
}

function openAt(url: string) {
  const redis = new Redis(url)
  const logged: string[] = []
  const note = (event: string) => logged.push(event)
  const log = { debug: note, info: note, warn: note, error: note }
  return { redis, log, logged, [Symbol.asyncDispose]: async () => redis.disconnect() }
}
