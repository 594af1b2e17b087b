import { createEvent } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { eventually, freshNamespace, type RuledRedis, startRuledRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { askRedis } from './durability/ask-redis.js'
import { readReceipt } from './testing/answers.js'
import { type GivenApp, givenApp } from './testing/given-app.js'

const test = suite('identity: the access rules of infra/sentinel')

const POST = { method: 'POST', json: {} }

test('they let identity and a guard do all that they do', async () => {
  await using rules = await startRuledRedis()
  await using app = await givenApp({ redisUrl: rules.urlOf('identity'), env: { LEASE_MS: '400' } })
  await using projects = mountGuard(rules, app)
  await projects.guard.ready()
  const ada = await app.login({}, { idleTtlMs: 1_000 })
  const [grace, root] = [await app.login({ subject: 'grace' }), await app.loginAdmin()]

  assert.is((await projects.guard.decide(ada.cookie)).kind, 'session')
  const used = await projects.guard.decide(grace.cookie)
  assert.is(used.kind, 'session')
  await projects.guard.recordFact(createEvent('projects', 'project.created', 'ada', { actor: 'ada' }))
  const receipt = readReceipt(await grace.browser.fetchApi('/auth/logout', POST))
  assert.equal(receipt.instances.map(({ service, state }) => `${service} ${state}`).toSorted(), [
    'identity applied',
    'projects applied',
  ])
  assert.is((await projects.guard.decide(grace.cookie)).kind, 'none')
  await root.browser.fetchApi(`/auth/admin/users/${ada.record.user.id}/block`, POST)
  await eventually(async () => {
    const types = (await app.events()).map(({ type }) => type)
    return types.includes('project.created') && types.includes('user.blocked')
  })
  await askRedis(app.redis)
  await projects.guard.close()

  assert.equal(await rules.refused(), [])
})

for (const [what, command] of [
  ['read tokens', ['GET', 'tokens:x']],
  ['read a login under way', ['HGETALL', 'login:x']],
  ['read what a signed-out page shows', ['GET', 'farewell:x']],
  ['end a session', ['DEL', 'session:x']],
  ['write a session', ['SET', 'session:x', '{}']],
  ['lift a tombstone', ['DEL', 'ended:x']],
  ['let a tombstone run out', ['PEXPIRE', 'ended:x', '1']],
  ['write a user', ['HSET', 'user:x', 'generation', '1']],
  ['lift a block', ['HDEL', 'user:x', 'blocked']],
  ['number a sign-off', ['INCR', 'sequence']],
  ['record a sign-off', ['XADD', 'signoffs', '*', 'signoff', '{}']],
  ['begin an era', ['SET', 'era', '1']],
  ['write the log', ['XADD', 'log', '*', 'event', '{}']],
  ['speak for another service', ['XADD', 'inbox:events', '*', 'event', '{}']],
  ['take back what it said', ['XDEL', 'inbox:projects', '1-1']],
  ['forget that a session was used', ['ZREM', 'seen', 'x']],
  ['touch background work', ['HGETALL', 'jobs:identity:meta']],
  ['ring the bell', ['PUBLISH', 'signoffs', 'x']],
  ['list keys, some of which are secrets', ['SCAN', '0']],
  ['list them all', ['KEYS', '*']],
  ['empty Redis', ['FLUSHALL']],
  ['change its settings', ['CONFIG', 'SET', 'appendonly', 'no']],
  ['change the rules', ['ACL', 'SETUSER', 'projects', '+@all']],
  ['move the master', ['REPLICAOF', 'NO', 'ONE']],
] as const) {
  test(`a service can’t ${what}`, async () => {
    await using rules = await startRuledRedis()
    await using world = asService(rules)
    const [name, ...args] = command
    const [key = '', ...others] = args
    const isKey = /[:a-z]/.test(key) && !['CONFIG', 'ACL', 'REPLICAOF'].includes(name)
    const sent = [isKey ? world.key(key) : key, ...others].filter(Boolean)

    assert.match(await outcome(world.redis.call(name, ...sent)), 'NOPERM')
    // Nor by a script, with the key declared or not.
    const script = 'return redis.call(unpack(ARGV))'
    const declared = isKey && name !== 'PUBLISH' ? sent.slice(0, 1) : []
    for (const keys of [[], declared]) {
      const refusal = await outcome(world.redis.eval(script, keys.length, ...keys, name, ...sent))
      assert.match(refusal, /NOPERM|ACL failure|user executing the script|not allowed from script/)
    }
  })
}

test('nobody comes in without a name', async () => {
  await using rules = await startRuledRedis()
  const redis = new Redis(rules.urlOf('nobody'), { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => 'that is what is asked')

  assert.match(await outcome(redis.connect()), /WRONGPASS|closed/)
})

test.run()

function mountGuard(rules: RuledRedis, app: GivenApp) {
  const guard = createGuard({
    redisUrl: rules.urlOf('projects'),
    service: 'projects',
    publicUrl: new URL(app.url),
    namespace: app.config.NAMESPACE,
    leaseMs: 400,
  })
  return { guard, [Symbol.asyncDispose]: () => guard.close() }
}

function asService(rules: RuledRedis) {
  const redis = new Redis(rules.urlOf('projects'))
  const namespace = freshNamespace()
  return {
    redis,
    key: (rest: string) => `{${namespace}:0}:${rest}`,
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  }
}

function outcome(answer: Promise<unknown>): Promise<string> {
  return answer.then(String, String)
}
