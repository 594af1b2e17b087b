import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem, readReceipt } from '../testing/answers.js'
import { type GivenApp, givenApp, type SignedIn } from '../testing/given-app.js'

const test = suite('identity: signing out')

const LOGOUT = '/auth/logout'
const LEAVING = 'curfew=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'
const remembering = (capability: string) =>
  `curfew-signed-off=${capability}; Path=/; Max-Age=120; HttpOnly; SameSite=Lax`
const scoped = (scope: unknown) => ({ method: 'POST', json: { scope } })
const dontFollow = { follow: () => false }

/** Ada in two browsers, and Grace. */
async function givenThree() {
  const app = await givenApp()
  const [ada, phone, grace] = [await app.login(), await app.login(), await app.login({ subject: 'grace' })]
  return { app, ada, phone, grace, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() }
}

async function stillIn(...people: readonly SignedIn[]): Promise<boolean[]> {
  const answers = await Promise.all(people.map(({ browser }) => browser.fetchApi('/auth/session')))
  return answers.map(({ status }) => status === 200)
}

async function lastEvent(app: GivenApp) {
  const event = (await app.events()).at(-1)
  return { type: event?.type, reason: event?.data.reason, subject: event?.subject }
}

for (const json of [{}, { scope: 'session' }]) {
  test(`${JSON.stringify(json)} ends this session alone`, async () => {
    await using world = await givenThree()
    const { app, ada, phone, grace } = world

    const answer = await ada.browser.fetchApi(LOGOUT, { method: 'POST', json })

    assert.is(answer.status, 200)
    const receipt = readReceipt(answer)
    assert.is(receipt.event.type, 'session.revoked')
    assert.is(receipt.sessions, 1)
    assert.is(receipt.confirmed, true)
    assert.equal(answer.headers.getSetCookie(), [LEAVING])
    assert.equal(await ada.browser.cookies(), {})
    await ada.browser.setCookie(`${ada.cookie}; Path=/`)
    assert.equal(await stillIn(ada, phone, grace), [false, true, true])
    assert.equal(await lastEvent(app), {
      type: 'session.revoked',
      reason: 'logged-out',
      subject: ada.record.user.id,
    })
  })
}

test('others ends all but this one, which keeps its cookie', async () => {
  await using world = await givenThree()
  const { app, ada, phone, grace } = world

  const answer = await ada.browser.fetchApi(LOGOUT, scoped('others'))

  const receipt = readReceipt(answer)
  assert.is(receipt.event.type, 'user.logged-out')
  assert.is(receipt.sessions, 1)
  assert.is(answer.headers.get('set-cookie'), null)
  assert.equal(await stillIn(ada, phone, grace), [true, false, true])
  assert.is((await lastEvent(app)).reason, 'others')

  assert.is(readReceipt(await ada.browser.fetchApi(LOGOUT, scoped('others'))).sessions, 0)
  assert.equal(await stillIn(ada), [true])
})

test('user ends all of them', async () => {
  await using world = await givenThree()
  const { app, ada, phone, grace } = world

  const answer = await ada.browser.fetchApi(LOGOUT, scoped('user'))

  assert.is(readReceipt(answer).sessions, 2)
  assert.equal(answer.headers.getSetCookie(), [LEAVING])
  await ada.browser.setCookie(`${ada.cookie}; Path=/`)
  assert.equal(await stillIn(ada, phone, grace), [false, false, true])
  assert.is((await lastEvent(app)).reason, 'everywhere')
})

test('what is no scope, or no input at all, signs nobody off and keeps the cookie', async () => {
  await using world = await givenThree()
  const { app, ada, phone } = world
  const post = (body: string, type: string) =>
    app.ask(LOGOUT, {
      method: 'POST',
      headers: {
        'Content-Type': type,
        'Content-Length': `${body.length}`,
        Origin: app.url,
        Cookie: ada.cookie,
      },
      body,
    })

  for (const scope of ['all', '', 0, null, ['user'], { $ne: 1 }]) {
    const refused = await ada.browser.fetchApi(LOGOUT, scoped(scope))
    isProblem(refused, 422, 'invalid-input')
    assert.match(refused.text, 'scope')
  }
  isProblem(await ada.browser.fetchApi(LOGOUT, { method: 'POST', json: ['user'] }), 422, 'invalid-input')
  isProblem(await post('{"scope":', 'application/json'), 400, 'bad-request')
  isProblem(await post('"user"', 'application/json'), 400, 'bad-request')
  isProblem(await post('scope=user', 'text/plain'), 415, 'unsupported-media-type')
  isProblem(await post('<scope/>', 'application/xml'), 415, 'unsupported-media-type')
  isProblem(
    await post(`{"scope":"user","more":"${'a'.repeat(70_000)}"}`, 'application/json'),
    413,
    'too-large',
  )
  isProblem(await post(`more=${'a'.repeat(70_000)}`, 'application/x-www-form-urlencoded'), 413, 'too-large')
  isProblem(await post('scope=user&scope=session', 'application/x-www-form-urlencoded'), 422, 'invalid-input')

  assert.ok('curfew' in (await ada.browser.cookies()))
  assert.equal(await stillIn(ada, phone), [true, true])
})

test('a link, an image or a prefetch signs nobody off', async () => {
  await using world = await givenThree()
  const { ada, phone } = world

  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await ada.browser.fetchApi(`${LOGOUT}?scope=user`, { method })
    assert.is(answer.headers.get('set-cookie'), null)
    assert.is(answer.headers.get('allow'), 'POST')
    if (method !== 'OPTIONS') assert.is(answer.status, 405, method)
  }
  assert.is((await ada.browser.get(LOGOUT)).status, 405)

  assert.equal(await stillIn(ada, phone), [true, true])
})

test('only what proves to come from us is heard', async () => {
  await using world = await givenThree()
  const { app, ada, phone } = world
  const ask = (headers: Record<string, string>) =>
    app.ask(LOGOUT, {
      method: 'POST',
      headers: { Accept: 'application/json', Cookie: ada.cookie, ...headers },
    })

  for (const headers of [
    {},
    { Origin: 'https://mallory.test' },
    { Origin: 'null' },
    { Origin: 'https://mallory.test', 'X-Curfew': '1' },
    { Origin: `${app.url}.mallory.test` },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', 'X-Curfew': '1' },
    { 'Sec-Fetch-Site': 'none' },
    { Referer: app.url },
  ]) {
    const answer = await ask(headers)
    assert.is(answer.status, 403, JSON.stringify(headers))
    assert.match(answer.text, '"origin-not-proven"')
    assert.is(answer.headers.get('set-cookie'), null)
  }
  assert.equal(await stillIn(ada, phone), [true, true])

  assert.is((await ask({ 'X-Curfew': '1' })).status, 200)
  assert.equal(await stillIn(ada, phone), [false, true])
  assert.is(
    (await app.ask(LOGOUT, { method: 'POST', headers: { Origin: app.url, Cookie: phone.cookie } })).status,
    200,
  )
  assert.equal(await stillIn(phone), [false])
})

test('a form leads to a page with the receipt, which can be loaded again', async () => {
  await using world = await givenThree()
  const { app, ada, phone } = world

  const sent = await ada.browser.post(LOGOUT, { scope: 'session' }, { from: app.url, ...dontFollow })
  assert.is(sent.status, 303)
  const [, capability = ''] = /^\/auth\/signed-off\/([\w-]{43})$/.exec(sent.location?.pathname ?? '') ?? []
  assert.equal(sent.headers.getSetCookie(), [LEAVING, remembering(capability)])

  for (let times = 0; times < 2; times++) {
    const page = await ada.browser.get(sent.location?.pathname ?? '')
    assert.is(page.status, 200)
    assert.match(page.text, 'You are signed out')
    assert.match(page.text, app.guard.instance)
    assert.is(page.headers.get('cache-control'), 'no-store')
    assert.is(page.headers.get('refresh'), null)
    assert.not.match(page.text, ada.sessionId)
  }
  assert.equal(await stillIn(ada, phone), [false, true])
})

test('a form that ends the others comes back to a page that is still signed in', async () => {
  await using world = await givenThree()
  const { app, ada } = world

  const page = await ada.browser.post(LOGOUT, { scope: 'others' }, { from: app.url })

  assert.is(page.status, 200)
  assert.match(page.text, 'Ada Lovelace')
  assert.equal(Object.keys(await ada.browser.cookies()), ['curfew'])
})

test('the page of a farewell that nobody said is not there', async () => {
  await using app = await givenApp()
  const browser = await app.openBrowser()

  for (const capability of ['x', 'A'.repeat(43), '%00', '..%2f..']) {
    const page = await browser.get(`/auth/signed-off/${capability}`)
    assert.is(page.status, 404, capability)
    assert.match(page.headers.get('content-type') ?? '', 'text/html')
  }
})

test('a farewell is sealed, is for two minutes, and says who may read it by its address alone', async () => {
  await using world = await givenThree()
  const { app, ada } = world

  const sent = await ada.browser.post(LOGOUT, { scope: 'user' }, { from: app.url, ...dontFollow })

  const key = app.keys.farewell(sent.location?.pathname.split('/').at(-1) ?? '')
  const ttl = await app.redis.ttl(key)
  assert.ok(ttl > 100 && ttl <= 120, `${ttl}`)
  assert.not.match((await app.redis.get(key)) ?? '', 'receipt')
})

test('a farewell that can’t be opened any more has had its time', async () => {
  await using world = await givenThree()
  const { app, ada } = world
  const sent = await ada.browser.post(LOGOUT, {}, { from: app.url, ...dontFollow })
  const path = sent.location?.pathname ?? ''
  await app.redis.set(app.keys.farewell(path.split('/').at(-1) ?? ''), 'sealed by a key that was taken away')

  assert.is((await ada.browser.get(path)).status, 404)
})

test('who has no session is told so, or led home; a cookie that is left over goes', async () => {
  await using world = await givenThree()
  const { app, ada } = world
  await ada.browser.fetchApi(LOGOUT, scoped('session'))

  for (const cookie of [undefined, ada.cookie, 'curfew=garbage']) {
    const browser = await app.openBrowser(cookie)
    const answer = await browser.fetchApi(LOGOUT, scoped('user'))
    isProblem(answer, 401, 'session-required')
    assert.equal(answer.headers.getSetCookie(), [LEAVING])

    const again = await app.openBrowser(cookie)
    const page = await again.post(LOGOUT, {}, { from: app.url, ...dontFollow })
    assert.is(page.status, 303)
    assert.is(page.location?.pathname, '/')
    assert.equal(await again.cookies(), {})
  }
})

// found 2026-11-27: who pressed the button in two tabs was told that they had to sign in (401)
test('of many that sign out of one session at once each is led to a page that says that it is over', async () => {
  await using world = await givenThree()
  const { app, ada } = world
  const cookie = `curfew=${ada.sessionId}`
  const tabs = await Promise.all(Array.from({ length: 8 }, () => app.openBrowser(cookie)))

  const answers = await Promise.all(tabs.map((tab) => tab.post(LOGOUT, {}, { from: app.url, ...dontFollow })))

  assert.equal([...new Set(answers.map(({ status }) => status))], [303])
  for (const tab of tabs) assert.not.ok('curfew' in (await tab.cookies()))
  const told = (await app.events()).filter(({ type }) => type === 'session.revoked')
  assert.is(told.length, 1)
})

for (const [what, tokensIn] of [
  ['that can’t be opened', () => 'sealed by a key that was taken away'],
  // found 2026-11-27: those of another version answered 500, and nobody was signed off
  ['that say nothing that we know', (app, ref) => app.seal.seal('{"v":2}', ref)],
  // found 2026-11-27: so did those that are no JSON
  ['in another format', (app, ref) => app.seal.seal('v2;at=gold', ref)],
] satisfies ReadonlyArray<[string, (app: GivenApp, ref: string) => string]>) {
  test(`tokens ${what} keep nobody signed in`, async () => {
    await using world = await givenThree()
    const { app, ada } = world
    const { ref } = ada.record
    await app.redis.set(app.keys.tokens(ref), tokensIn(app, ref))

    const page = await ada.browser.post(LOGOUT, {}, { from: app.url })

    assert.is(page.status, 200)
    assert.match(page.text, 'You are signed out')
    assert.equal(await stillIn(ada), [false])
  })
}

test('over https the cookie that goes is the one that was set there', async () => {
  await using app = await givenApp({ env: { PUBLIC_URL: 'https://curfew.test' } })
  const { sessionId } = await app.login()

  const again = await app.login()
  const post = (id: string, accept: Readonly<Record<string, string>>) =>
    app.ask(LOGOUT, {
      method: 'POST',
      headers: { Origin: 'https://curfew.test', Cookie: `__Host-curfew=${id}`, ...accept },
    })

  const answer = await post(sessionId, {})
  const form = await post(again.sessionId, { Accept: 'text/html' })

  assert.is(answer.status, 200)
  assert.equal(answer.headers.getSetCookie(), [`__Host-${LEAVING}; Secure`])
  const capability = form.headers.get('location')?.split('/').at(-1) ?? ''
  assert.equal(form.headers.getSetCookie(), [
    `__Host-${LEAVING}; Secure`,
    `__Host-${remembering(capability)}; Secure`,
  ])
})

test.run()
