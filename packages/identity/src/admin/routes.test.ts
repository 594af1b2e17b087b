import { randomSessionId, refOf } from '@curfew/contract'
import { eventually, startRedis, startRedisProxy } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt, readSessions, readUser, readUsers } from '../testing/answers.js'
import { type GivenApp, givenApp } from '../testing/given-app.js'

const test = suite('identity: what an admin does')

const POST = { method: 'POST' }
const DELETE = { method: 'DELETE' }
const post = (json: unknown) => ({ method: 'POST', json })

async function givenAdmin() {
  const app = await givenApp()
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const id = ada.record.user.id
  return {
    app,
    admin,
    ada,
    path: `/auth/admin/users/${id}`,
    session: `/auth/admin/sessions/${ada.record.ref}`,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}

/** Every route, and its method. */
const routes = (id: string, ref: string) => [
  ['GET', '/auth/admin/users'],
  ['GET', `/auth/admin/users/${id}`],
  ['GET', `/auth/admin/users/${id}/sessions`],
  ['POST', `/auth/admin/users/${id}/block`],
  ['POST', `/auth/admin/users/${id}/unblock`],
  ['POST', `/auth/admin/users/${id}/logout`],
  ['DELETE', `/auth/admin/sessions/${ref}`],
  ['GET', '/auth/admin/instances'],
]

const typesOf = async (app: GivenApp) => (await app.events()).map(({ type }) => type)

test('nobody but an admin gets past the door, and nothing happens', async () => {
  await using world = await givenAdmin()
  const { app, ada } = world
  const editor = await app.login({ subject: 'mallory', roles: ['editor', 'Admin', 'administrator', ''] })
  const nobody = await app.openBrowser()
  const before = await typesOf(app)

  for (const [method = '', path = ''] of routes(ada.record.user.id, ada.record.ref)) {
    for (const written of [path, `${path}/`, path.replace('/auth/admin', '/AUTH/Admin')]) {
      isProblem(await nobody.fetchApi(written, { method }), 401, 'session-required')
      isProblem(await editor.browser.fetchApi(written, { method }), 403, 'forbidden')
    }
  }

  assert.equal(await typesOf(app), before)
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)
})

test('an admin’s page of another origin does nothing in the admin’s name', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world

  for (const [method = '', path = ''] of routes(ada.record.user.id, ada.record.ref)) {
    if (method === 'GET') continue
    const headers = { Cookie: admin.cookie, Origin: 'https://mallory.test', 'X-Curfew': '1' }
    isProblem(await app.ask(path, { method, headers }), 403, 'origin-not-proven')
  }

  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)
})

test('what is not there is not found, however it is spelled', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world
  const { id } = ada.record.user
  // Keys of Redis that stand beside the user's own.
  const beside = [`${id}:sessions`, `${id}:ended:1`]
  await app.redis.zadd(`${app.keys.user(id)}:ended:1`, 1, 'ref')

  for (const nobody of ['nobody', 'A'.repeat(22), '%00', '..%2F..', 'x'.repeat(2_000), '*', ...beside]) {
    for (const [method = '', path = ''] of routes(nobody, refOf(randomSessionId(0)))) {
      if (path.endsWith('/users') || path.endsWith('/instances')) continue
      isProblem(await admin.browser.fetchApi(path, { method }), 404, 'not-found')
    }
  }
  for (const ref of ['x', '%00', `${ada.record.ref}A`]) {
    isProblem(await admin.browser.fetchApi(`/auth/admin/sessions/${ref}`, DELETE), 404, 'not-found')
  }
  isProblem(await admin.browser.fetchApi('/auth/admin'), 404, 'not-found')
  isProblem(await admin.browser.fetchApi('/auth/admin/nothing'), 404, 'not-found')
})

test('a method that a route does not take is refused with those that it takes', async () => {
  await using world = await givenAdmin()
  const { admin, path } = world

  const answers = await Promise.all([
    admin.browser.fetchApi('/auth/admin/users', POST),
    admin.browser.fetchApi(`${path}/block`),
    admin.browser.fetchApi(path, { method: 'PATCH', json: { roles: ['admin'] } }),
  ])

  for (const answer of answers) isProblem(answer, 405, 'method-not-allowed')
  assert.equal(
    answers.map(({ headers }) => headers.get('allow')),
    ['HEAD, GET', 'POST', 'HEAD, GET'],
  )
})

test('users are listed by their last login, and found by words of name, address and id', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada } = world
  await app.login({ subject: 'grace', name: 'Grace Brewster Hopper' })
  await app.login({ subject: 'michał', name: 'Michał Łukasz Żółć' })
  await app.login({ subject: 'yamada', name: '山田 太郎' })
  const found = async (query: string) => {
    const answer = await admin.browser.fetchApi(`/auth/admin/users?query=${encodeURIComponent(query)}`)
    assert.is(answer.status, 200, answer.text)
    return readUsers(answer).users.map(({ name }) => name)
  }

  const all = readUsers(await admin.browser.fetchApi('/auth/admin/users'))
  assert.is(all.next, null)
  assert.equal(
    all.users.map(({ name }) => name),
    ['山田 太郎', 'Michał Łukasz Żółć', 'Grace Brewster Hopper', 'Ada Lovelace', 'Root Admin'],
  )
  assert.equal(all.users[3], {
    id: ada.record.user.id,
    issuer: 'http://provider.test',
    subject: 'ada',
    provider: 'dev',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: null,
    roles: ['editor'],
    blocked: null,
    createdAt: all.users[3]?.createdAt,
    lastLoginAt: all.users[3]?.lastLoginAt,
    sessions: 1,
  })

  assert.equal(await found('LOVE'), ['Ada Lovelace'])
  assert.equal(await found('hopper grace'), ['Grace Brewster Hopper'])
  assert.equal(await found('hopper ada'), [])
  assert.equal(await found('ada@example.com'), ['Ada Lovelace'])
  for (const query of ['micha', 'mich', 'michał', 'ł', 'żó', 'ŻÓŁĆ']) {
    assert.equal(await found(query), ['Michał Łukasz Żółć'], query)
  }
  assert.equal(await found('山'), ['山田 太郎'])
  for (const query of ['zzz', '[', '(', '+', '-', '\\', '*', '\u0000', '\n', 'ove']) {
    assert.equal(
      (await found(query)).filter((name) => name === 'Ada Lovelace' && query !== '\n'),
      [],
      query,
    )
  }
})

test('pages follow each other without a gap, and a cursor that nobody gave is refused', async () => {
  await using world = await givenAdmin()
  const { app, admin } = world
  const names = Array.from({ length: 118 }, (_, i) => `Person Number${i}`)
  await Promise.all(names.map((name, i) => app.login({ subject: `person-${i}`, name })))

  for (const [query, least] of [
    ['', 120],
    ['person', 118],
  ] as const) {
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = readUsers(await admin.browser.fetchApi(`/auth/admin/users?query=${query}${more}`))
      assert.ok(page.users.length <= 50)
      seen.push(...page.users.map(({ id }) => id))
      cursor = page.next
    }
    assert.is(new Set(seen).size, least, query)
  }

  for (const cursor of ['x', '-1', '1.5', '', '1e3', '9999999999', '%00', '50&cursor=100']) {
    isProblem(await admin.browser.fetchApi(`/auth/admin/users?cursor=${cursor}`), 422, 'invalid-input')
  }
  isProblem(await admin.browser.fetchApi(`/auth/admin/users?query=${'a'.repeat(201)}`), 422, 'invalid-input')
  isProblem(await admin.browser.fetchApi('/auth/admin/users?query=a&query=b'), 422, 'invalid-input')
  assert.equal(readUsers(await admin.browser.fetchApi('/auth/admin/users?cursor=999999999')).users, [])
})

test('somebody’s sessions are shown, and one of them ended', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada, path, session } = world
  const phone = await app.login()

  const listed = readSessions(await admin.browser.fetchApi(`${path}/sessions`))
  assert.equal(
    listed.map(({ ref, current }) => [ref, current]),
    [
      [phone.record.ref, false],
      [ada.record.ref, false],
    ],
  )
  const mine = readSessions(
    await admin.browser.fetchApi(`/auth/admin/users/${admin.record.user.id}/sessions`),
  )
  assert.equal(
    mine.map(({ current }) => current),
    [true],
  )

  const answer = await admin.browser.fetchApi(session, DELETE)
  assert.is(answer.status, 200)
  const receipt = readReceipt(answer)
  assert.is(receipt.event.type, 'session.revoked')
  assert.is(receipt.confirmed, true)
  assert.is(receipt.sessions, 1)
  isProblem(await ada.browser.fetchApi('/auth/session'), 401, 'session-required')
  assert.is((await phone.browser.fetchApi('/auth/session')).status, 200)
  isProblem(await admin.browser.fetchApi(session, DELETE), 404, 'not-found')
})

test('somebody is signed off everywhere, and may come back', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada, path } = world
  const phone = await app.login()

  const receipt = readReceipt(await admin.browser.fetchApi(`${path}/logout`, POST))

  assert.is(receipt.event.type, 'user.logged-out')
  assert.is(receipt.sessions, 2)
  assert.is(receipt.confirmed, true)
  for (const { browser } of [ada, phone]) assert.is((await browser.fetchApi('/auth/session')).status, 401)
  assert.equal(readSessions(await admin.browser.fetchApi(`${path}/sessions`)), [])
  assert.is(readUser(await admin.browser.fetchApi(path)).sessions, 0)
  assert.is((await (await app.login()).browser.fetchApi('/auth/session')).status, 200)
})

test('who is blocked is out at once, stays out, and the reason is kept', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada, path } = world
  await ada.browser.fetchApi('/auth/session')

  const receipt = readReceipt(
    await admin.browser.fetchApi(`${path}/block`, post({ reason: '  lost laptop ' })),
  )

  assert.is(receipt.event.type, 'user.blocked')
  assert.is(receipt.sessions, 1)
  assert.is(receipt.confirmed, true)
  isProblem(await ada.browser.fetchApi('/auth/session'), 401, 'session-required')
  const { blocked } = readUser(await admin.browser.fetchApi(path))
  assert.is(blocked?.reason, 'lost laptop')
  assert.is(blocked?.by, admin.record.user.id)
  const refused = await app.login().catch((error: unknown) => error)
  assert.is(refused instanceof Error && Reflect.get(refused, 'code'), 'user-blocked')

  const unblocked = await admin.browser.fetchApi(`${path}/unblock`, POST)
  assert.is(unblocked.status, 200)
  assert.is(readUser(unblocked).blocked, null)
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 401)
  assert.is((await (await app.login()).browser.fetchApi('/auth/session')).status, 200)
  isProblem(await admin.browser.fetchApi(`${path}/unblock`, POST), 409, 'conflict')
})

test('who is blocked again while a block is being lifted stays blocked, and the admin is told so', async () => {
  await using server = await startRedis({ appendonly: true })
  await using proxy = await startRedisProxy(server.url)
  await using app = await givenApp({ redisUrl: proxy.url, env: { LEASE_MS: '5000' } })
  const direct = new Redis(server.url)
  const [admin, ada] = [await app.loginAdmin(), await app.login()]
  const path = `/auth/admin/users/${ada.record.user.id}`
  const block = { at: 1, by: 'another-admin', reason: 'the second' }
  await admin.browser.fetchApi(`${path}/block`, POST)
  const looks = async () =>
    Number(/cmdstat_zcard:calls=(\d+)/.exec(await direct.info('commandstats'))?.[1] ?? 0)
  const before = await looks()

  proxy.hold('answers')
  const answering = admin.browser.fetchApi(`${path}/unblock`, POST)
  await eventually(async () => (await looks()) > before)
  await direct.hset(app.keys.user(ada.record.user.id), 'blocked', JSON.stringify(block))
  proxy.pass('answers')
  const answer = await answering
  direct.disconnect()

  isProblem(answer, 409, 'conflict')
  assert.match(answer.text, 'blocked this user again')
  assert.equal(readUser(await admin.browser.fetchApi(path)).blocked, block)
  assert.not.ok((await typesOf(app)).includes('user.unblocked'))
})

// found 2026-11-21: 16 kB of User-Agent went into the log with each sign-off
test('a long User-Agent is cut before it is logged', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world

  await admin.browser.fetchApi(`${path}/block`, { ...POST, headers: { 'User-Agent': 'x'.repeat(8_000) } })

  assert.is((await app.events()).at(-1)?.data.userAgent, 'x'.repeat(512))
})

test('a block needs no reason, and takes none that is not one', async () => {
  await using world = await givenAdmin()
  const { admin, ada, path } = world

  for (const reason of ['x'.repeat(501), 7, ['x'], { a: 1 }]) {
    isProblem(await admin.browser.fetchApi(`${path}/block`, post({ reason })), 422, 'invalid-input')
  }
  isProblem(await admin.browser.fetchApi(`${path}/block`, post(['x'])), 422, 'invalid-input')
  assert.is((await ada.browser.fetchApi('/auth/session')).status, 200)

  for (const json of [{}, { reason: null }, { reason: '   ' }]) {
    assert.is((await admin.browser.fetchApi(`${path}/block`, post(json))).status, 200)
    assert.is(readUser(await admin.browser.fetchApi(path)).blocked?.reason, null)
  }
  assert.is((await admin.browser.fetchApi(`${path}/block`, post({ reason: 'x'.repeat(500) }))).status, 200)
})

test('the reason of a block is kept as one line that nothing turns around', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world
  const reason = 'lost\r\nlaptop \u202Enimda\u0000\uD83D'

  assert.is((await admin.browser.fetchApi(`${path}/block`, post({ reason }))).status, 200)

  const { blocked } = readUser(await admin.browser.fetchApi(path))
  assert.is(blocked?.reason, 'lost laptop nimda \uFFFD')
  assert.is((await app.events()).at(-1)?.type, 'user.blocked')
})

test('nobody blocks themselves', async () => {
  await using world = await givenAdmin()
  const { admin } = world
  const mine = `/auth/admin/users/${admin.record.user.id}`

  isProblem(await admin.browser.fetchApi(`${mine}/block`, POST), 409, 'conflict')

  assert.is(readUser(await admin.browser.fetchApi(mine)).blocked, null)
})

test('an admin who was signed off acts no more', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world
  const other = await app.login({ subject: 'other', name: 'Other Admin', roles: ['admin'] })
  await admin.browser.fetchApi(path)

  await other.browser.fetchApi(`/auth/admin/users/${admin.record.user.id}/block`, POST)

  isProblem(await admin.browser.fetchApi(`${path}/logout`, POST), 401, 'session-required')
})

test('the log says who did what to whom, why, from where, and in which request', async () => {
  await using world = await givenAdmin()
  const { app, admin, ada, path, session } = world
  const phone = await app.login()
  const told = {
    subject: ada.record.user.id,
    actor: admin.record.user.id,
    actorName: 'Root Admin',
    subjectName: 'Ada Lovelace',
    userAgent: 'CurfewTestBrowser/1.0',
  }
  const acts = [
    [
      'DELETE',
      session,
      {},
      { type: 'session.revoked', reason: 'admin', ref: ada.record.ref, provider: 'dev' },
    ],
    ['POST', `${path}/logout`, {}, { type: 'user.logged-out', reason: 'admin' }],
    [
      'POST',
      `${path}/block`,
      { reason: 'lost laptop' },
      { type: 'user.blocked', reason: 'lost laptop', before: 'not blocked', after: 'blocked' },
    ],
    [
      'POST',
      `${path}/unblock`,
      {},
      {
        type: 'user.unblocked',
        before: 'blocked',
        after: 'not blocked',
        blockedBy: admin.record.user.id,
        blockReason: 'lost laptop',
      },
    ],
  ] as const

  for (const [i, [method, path, json, { type, ...facts }]] of acts.entries()) {
    const correlationId = `correlation-of-${i}`
    const answer = await admin.browser.fetchApi(path, {
      method,
      headers: { 'X-Correlation-Id': correlationId },
      ...(method === 'POST' ? { json } : {}),
    })
    assert.is(answer.headers.get('x-correlation-id'), correlationId)

    const event = (await app.events()).findLast(({ type }) => type !== 'sign-off.confirmed')
    const { ip, actor, actorName, subjectName, userAgent, blockedAt, ...rest } = event?.data ?? {
      actor: null,
    }
    assert.is(event?.type, type)
    assert.equal({ subject: event?.subject, actor, actorName, subjectName, userAgent }, told)
    assert.equal(rest, { ...facts, correlationId })
    assert.match(ip ?? '', /127\.0\.0\.1$|^::1$/)
    if (type === 'user.unblocked') assert.ok(Date.parse(String(blockedAt)) <= Date.now())
    else assert.is(readReceipt(answer).event.id, event?.id)
  }
  for (const secret of [admin, ada, phone]) {
    assert.not.match(JSON.stringify(await app.events()), secret.sessionId)
  }
})

test.run()
