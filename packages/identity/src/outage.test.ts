import { eventually, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt, readSessions } from './testing/answers.js'
import { isReady } from './testing/from-outside.js'
import { type GivenApp, givenApp, type SignedIn } from './testing/given-app.js'

const test = suite('identity: while Redis is away')

const POST = { method: 'POST', json: {} }

/** A connection that is back may drop once more on a busy machine: meanwhile it is 503, as it should be. */
const askSession = ({ browser }: SignedIn) =>
  eventually(async () => {
    const answer = await browser.fetchApi('/auth/session')
    return answer.status === 503 ? null : answer
  })

async function signOffsTold(app: GivenApp): Promise<string[]> {
  const types = (await app.events()).map(({ type }) => type)
  return types.filter((type) => type === 'session.revoked' || type.startsWith('user.'))
}

/** Everything that a person or a program may ask meanwhile. With a lease a stream begins, and stays. */
async function askEverything({ browser, record }: SignedIn, admin: SignedIn, leased: boolean) {
  const api: ReadonlyArray<readonly [string, string]> = [
    ['GET', '/auth/session'],
    ['GET', leased ? '/auth/session' : '/auth/session/stream'],
    ['GET', '/auth/sessions'],
    ['DELETE', `/auth/sessions/${record.ref}`],
    ['POST', '/auth/logout'],
  ]
  const admins: ReadonlyArray<readonly [string, string]> = [
    ['GET', '/auth/admin/users'],
    ['POST', `/auth/admin/users/${record.user.id}/logout`],
    ['POST', `/auth/admin/users/${record.user.id}/block`],
    ['DELETE', `/auth/admin/sessions/${record.ref}`],
  ]
  return {
    answers: [
      ...(await Promise.all(api.map(([method, path]) => browser.fetchApi(path, { method })))),
      ...(await Promise.all(admins.map(([method, path]) => admin.browser.fetchApi(path, { method })))),
    ],
    pages: [
      await browser.get('/'),
      await browser.get('/auth/login/dev', { follow: () => false }),
      await browser.post('/auth/logout', {}, { follow: () => false }),
      await browser.post(`/auth/sessions/${record.ref}/end`, {}, { follow: () => false }),
    ],
  }
}

// Not last: ioredis lets the timer of a socket that fell silent run out after it was closed, up to 5 s.
for (const away of ['stop', 'pause'] as const) {
  test(`it stops in good time although Redis is away (${away})`, async () => {
    await using server = await startRedis()
    const app = await givenApp({ redisUrl: server.url })
    await server[away]()
    let stopped = false

    const stopping = app[Symbol.asyncDispose]().then(() => {
      stopped = true
    })

    await eventually(() => stopped, { within: 10_000 })
    await stopping
  })
}

test('a sign-off that Redis hears too late happens whole and once, or not at all', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const ada = await app.login()
  await ada.browser.fetchApi('/auth/session')

  server.pause()
  const refused = await ada.browser.fetchApi('/auth/logout', POST)
  server.resume()
  await isReady(app)

  isProblem(refused, 503, 'store-unavailable')
  assert.is(refused.headers.get('set-cookie'), null)
  const told = await signOffsTold(app)
  const { status } = await askSession(ada)
  assert.equal([told, status], status === 200 ? [[], 200] : [['session.revoked'], 401])
})

test('it may be told to serve for longer than a lease, which every receipt then says', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { SERVE_SIGNED_OFF_USERS_FOR_MS: '2000' } })
  const [ada, phone] = [await app.login(), await app.login()]
  await ada.browser.fetchApi('/auth/session')

  const { boundMs } = readReceipt(await phone.browser.fetchApi('/auth/logout', POST))
  const toldAt = performance.now()
  await server.stop()
  const stoppedAt = performance.now()
  await eventually(async () => (await ada.browser.fetchApi('/auth/session')).status === 503)
  const refusedAt = performance.now()

  assert.ok(boundMs >= 2_676 && boundMs < 3_500, `${boundMs} ms`)
  assert.ok(refusedAt - toldAt > 1_500, `${refusedAt - toldAt} ms`)
  assert.ok(refusedAt - stoppedAt < 3_500, `${refusedAt - stoppedAt} ms`)
})

test('a Redis that was killed comes back with every sign-off that was confirmed', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, grace] = [await app.login(), await app.login({ subject: 'grace' })]
  const receipt = readReceipt(await ada.browser.fetchApi('/auth/logout', POST))
  assert.is(receipt.confirmed, true)

  await server.kill()
  await server.restart()
  await isReady(app)

  await ada.browser.setCookie(`${ada.cookie}; Path=/`)
  isProblem(await askSession(ada), 401, 'session-required')
  assert.is((await askSession(grace)).status, 200)
})

test('it is 503, nobody is signed out, and afterwards everything is as it was', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url })
  const [ada, admin] = [await app.login(), await app.loginAdmin()]
  await ada.browser.get('/')
  await using stream = await ada.browser.stream('/auth/session/stream')
  await stream.find(({ event }) => event === 'session')

  await server.stop()

  // First with a lease that is still running, then without.
  for (const leased of [true, false]) {
    if (!leased) await eventually(() => !app.guard.stats().following)
    const { answers, pages } = await askEverything(ada, admin, leased)
    // Who is calling is answered from memory for as long as the lease runs.
    for (const answer of leased ? answers.slice(2) : answers) {
      isProblem(answer, 503, 'store-unavailable')
      assert.ok(Number(answer.headers.get('retry-after')) > 0)
      assert.is(answer.headers.get('set-cookie'), null)
    }
    for (const page of pages) {
      assert.is(page.status, 503)
      assert.match(page.headers.get('content-type') ?? '', 'text/html')
      assert.ok(Number(page.headers.get('retry-after')) > 0)
      assert.is(page.headers.get('set-cookie'), null)
    }
  }
  const unready = await app.ask('/readyz')
  assert.is(unready.status, 503)
  assert.ok(Number(unready.headers.get('retry-after')) > 0)
  assert.is((await app.ask('/healthz')).status, 200)
  assert.is((await app.ask('/metrics')).status, 200)
  assert.not.ok(stream.events.some(({ event }) => event === 'ended'))

  await server.restart()
  await isReady(app)

  assert.is((await askSession(ada)).status, 200)
  assert.is(readSessions(await ada.browser.fetchApi('/auth/sessions')).length, 1)
  assert.equal(await signOffsTold(app), [])
  const receipt = readReceipt(await ada.browser.fetchApi('/auth/logout', POST))
  assert.is(receipt.confirmed, true)
  assert.equal(await signOffsTold(app), ['session.revoked'])
  // Background work has found its way back, too.
  await eventually(async () => (await app.redis.exists(app.keys.tokens(ada.record.ref))) === 0, {
    within: 15_000,
  })
})

test.run()
