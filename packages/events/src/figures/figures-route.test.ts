import { keysOf } from '@curfew/contract'
import { eventually, freshNamespace, givenSession, openRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { browserOf, givenFact, startEvents } from '../testing/given-events.js'

const test = suite('events: figures')

async function open() {
  const redis = await openRedis()
  const namespace = freshNamespace()
  const session = await givenSession(redis, namespace, { user: 'ada', roles: ['admin'] })
  // As identity's script keeps it.
  await redis.zadd(keysOf(namespace).expiries, Date.now(), session.record.ref)
  const events = await startEvents({ namespace })
  const browser = await browserOf(events, session)
  return {
    redis,
    namespace,
    events,
    browser,
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]()
      await events[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

test('GET /events/figures draws what happened, step by step', async () => {
  await using world = await open()
  const { redis, namespace, events, browser } = world
  const write = (type: Parameters<typeof givenFact>[2], time: string) =>
    givenFact(redis, namespace, { ...type, time: new Date(time) })
  await write({ type: 'session.created' }, '2027-03-01T10:00:00Z')
  await write({ type: 'session.created' }, '2027-03-01T10:00:59Z')
  await write({ type: 'login.failed', data: { reason: 'access-denied' } }, '2027-03-01T10:01:00Z')
  await write({ type: 'session.revoked', data: { reason: 'logged-out' } }, '2027-03-01T10:01:00Z')
  await write({ type: 'session.expired', data: { reason: 'idle' } }, '2027-03-01T10:01:00Z')
  await write({ type: 'user.blocked', data: { reason: 'Lost laptop' } }, '2027-03-01T10:01:01Z')
  await write({ type: 'user.blocked' }, '2027-03-01T10:02:00Z')
  await write({ type: 'everyone.logged-out', data: { reason: 'store-behind' } }, '2027-03-01T10:02:00Z')
  await write({ type: 'session.created' }, '2027-03-01T10:03:00Z')
  for (const tookMs of [2, 3, 500])
    await write({ type: 'sign-off.confirmed', data: { reason: 'idle', tookMs } }, '2027-03-01T10:02:00Z')
  await write({ type: 'sign-off.confirmed', data: { reason: 'idle', tookMs: 40 } }, '2027-03-01T10:01:00Z')
  await eventually(async () => (await events.store.size()).entries === 13)

  const answer = await browser.fetchApi('/events/figures?from=2027-03-01T10:00:10Z&to=2027-03-01T10:03:00Z')

  assert.is(answer.status, 200)
  const { confirmation, ...figures } = JSON.parse(answer.text)
  assert.equal(figures, {
    from: '2027-03-01T10:00:00.000Z',
    to: '2027-03-01T10:03:00.000Z',
    stepSeconds: 60,
    at: ['2027-03-01T10:00:00.000Z', '2027-03-01T10:01:00.000Z', '2027-03-01T10:02:00.000Z'],
    logins: [2, 0, 0],
    failures: { 'login.failed': [0, 1, 0], 'token.revocation-failed': [0, 0, 0] },
    signOffs: { 'logged-out': [0, 1, 0], idle: [0, 1, 0], blocked: [0, 1, 1], everyone: [0, 0, 1] },
    activeSessions: [null, null, null],
  })
  assert.equal(confirmation.count, [0, 1, 3])
  const { total } = confirmation
  assert.is(total.count, 4)
  for (const [told, exact] of [
    [confirmation.p50Ms, [null, 40, 3]],
    [confirmation.p99Ms, [null, 40, 500]],
    [
      [total.p50Ms, total.p99Ms],
      [3, 500],
    ],
  ])
    for (const [i, value] of exact.entries()) {
      if (value === null) assert.is(told[i], null)
      else assert.ok(Math.abs(told[i] - value) <= 0.025 * value, `${told[i]} instead of ${value}`)
    }
})

test('where nothing was confirmed there is no percentile', async () => {
  await using world = await open()
  const { text } = await world.browser.fetchApi('/events/figures?from=2027-03-01&to=2027-03-02')
  assert.equal(JSON.parse(text).confirmation.total, { count: 0, p50Ms: null, p99Ms: null })
})

test('without a span it is the last day, with how many are signed in', async () => {
  await using world = await open()
  const latest = async () => {
    const { text } = await world.browser.fetchApi('/events/figures')
    const { at, activeSessions, stepSeconds } = JSON.parse(text)
    return {
      steps: at.length,
      active: activeSessions.findLast((n: number | null) => n !== null),
      stepSeconds,
    }
  }
  await eventually(async () => (await latest()).active === 1)
  const { steps, stepSeconds } = await latest()
  assert.is(stepSeconds, 600)
  assert.ok(steps === 144 || steps === 145, `${steps} steps`)
})

test('figures are for admins, and wrong input is 422 and names what is wrong', async () => {
  await using world = await open()
  const { redis, namespace, events, browser } = world
  const editor = await givenSession(redis, namespace, { user: 'edda', roles: ['editor'] })
  await using other = await browserOf(events, editor)

  assert.is((await fetch(`${events.url}/events/figures`)).status, 401)
  assert.is((await other.fetchApi('/events/figures')).status, 403)
  for (const [query, name] of [
    ['from=yesterday', 'from'],
    ['from=2027-03-02&to=2027-03-01', 'from'],
    ['step=60', 'step'],
  ]) {
    const answer = await browser.fetchApi(`/events/figures?${query}`)
    assert.is(answer.status, 422, query)
    assert.match(JSON.parse(answer.text).detail, name ?? '')
  }
})

test.run()
