import { randomSessionId } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem } from '../testing/answers.js'
import { givenApp } from '../testing/given-app.js'

const test = suite('identity: who am I')

test('it says who is signed in, and the facts of the session, and nothing that is ours alone', async () => {
  await using app = await givenApp()
  const { browser, record } = await app.login()

  const answer = await browser.fetchApi('/auth/session')

  assert.is(answer.status, 200)
  assert.equal(answer.body, {
    user: {
      id: record.user.id,
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      picture: null,
      roles: ['editor'],
    },
    session: {
      ref: record.ref,
      provider: 'dev',
      createdAt: record.createdAt,
      authTime: record.authTime,
      expiresAt: record.expiresAt,
      device: record.device,
    },
  })
  assert.is(answer.headers.get('cache-control'), 'no-store')
  assert.is(answer.headers.get('set-cookie'), null)
})

test('a cookie that is none of a living session is nobody’s', async () => {
  await using app = await givenApp()
  const { record, sessionId } = await app.login()
  const nobodys = {
    'no cookie': undefined,
    'an empty one': 'curfew=',
    garbage: 'curfew=%00%ff<script>',
    'a long one': `curfew=${'A'.repeat(5_000)}`,
    'one that nobody was given': `curfew=${randomSessionId(0)}`,
    'somebody’s ref': `curfew=${record.ref}`,
    'somebody’s with a letter too many': `curfew=${sessionId}A`,
    'under another name': `curfew2=${sessionId}`,
    'under the name of https': `__Host-curfew=${sessionId}`,
  }

  for (const [what, cookie] of Object.entries(nobodys)) {
    const answer = await app.ask('/auth/session', {
      headers: { Accept: 'application/json', ...(cookie === undefined ? {} : { Cookie: cookie }) },
    })
    isProblem(answer, 401, 'session-required')
    assert.is(answer.headers.get('www-authenticate'), 'Curfew', what)
    assert.is(answer.headers.get('set-cookie'), null, what)
  }
})

test('a session that has expired is over, idle or not', async () => {
  await using app = await givenApp()
  const idle = await app.login({}, { idleTtlMs: 60 })
  const old = await app.login({}, { absoluteTtlMs: 60 })

  for (const { browser } of [idle, old]) {
    await eventually(async () => (await browser.fetchApi('/auth/session')).status === 401)
    isProblem(await browser.fetchApi('/auth/session'), 401, 'session-required')
  }
})

test('a session that was signed off is over at once', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()
  assert.is((await browser.fetchApi('/auth/session')).status, 200)

  await browser.fetchApi('/auth/logout', { method: 'POST', json: {} })

  isProblem(await browser.fetchApi('/auth/session'), 401, 'session-required')
})

test('a person who opens it without a session is sent to sign in, and back', async () => {
  await using app = await givenApp()
  const browser = await app.openBrowser()

  const page = await browser.get('/auth/session?a=1', { follow: () => false })

  assert.is(page.status, 302)
  assert.is(page.location?.href, `${app.url}/auth/login?return_to=%2Fauth%2Fsession%3Fa%3D1`)
})

test.run()
