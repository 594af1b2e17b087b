import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt, readSessions, readUser } from '../testing/answers.js'
import { givenAdmin } from '../testing/given-admin.js'

const test = suite('identity: whom an admin signs off')

const POST = { method: 'POST' }
const DELETE = { method: 'DELETE' }

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

    const event = (await app.events()).at(-1)
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
    assert.not.match(JSON.stringify(await app.everything()), secret.sessionId)
  }
})

// found 2026-11-21: 16 kB of User-Agent went into the log with each sign-off
test('a long User-Agent is cut before it is logged', async () => {
  await using world = await givenAdmin()
  const { app, admin, path } = world

  await admin.browser.fetchApi(`${path}/block`, { ...POST, headers: { 'User-Agent': 'x'.repeat(8_000) } })

  assert.is((await app.events()).at(-1)?.data.userAgent, 'x'.repeat(512))
})

test.run()
