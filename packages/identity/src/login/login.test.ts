import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { callbackOf, failuresOf, givenLogin, providerEnv } from '../testing/given-login.js'
import { startScriptedProvider } from '../testing/scripted-provider.js'

const test = suite('identity: login')

test('who signs in lands where they wanted, is known, and has a cookie that only we can read', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login?return_to=%2Fauth%2Fsession%3Ftab%3D1%23top')

  assert.is(page.status, 200)
  assert.is(page.url.pathname + page.url.search, '/auth/session?tab=1')
  const { user, session } = JSON.parse(page.text)
  assert.equal(
    { ...user, id: '' },
    { id: '', name: 'Ada Lovelace', email: 'ada@example.com', picture: null, roles: ['editor'] },
  )
  assert.is(session.provider, 'dev')
  const [cookie, ...others] = await browser.jar.getCookies(world.app.url)
  assert.equal(others, [], 'the cookie of the login itself has done its work')
  assert.is(cookie?.key, 'curfew')
  assert.match(cookie?.value ?? '', /^[\w-]{44}$/)
  assert.ok(cookie?.httpOnly)
  assert.is(cookie?.sameSite, 'lax')
  assert.is(cookie?.path, '/')
  assert.is(cookie?.maxAge, 43_200)
})

test('who signs in again is not told any more that they are signed out', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser(`curfew-signed-off=${'A'.repeat(43)}`)

  await browser.get('/auth/login?return_to=/auth/session')

  assert.equal(Object.keys(await browser.cookies()), ['curfew'])
})

test('the provider is asked with state, nonce and a challenge, and gets the verifier', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  await browser.get('/auth/login')

  const { asked } = world.provider
  const begun = asked.find(({ endpoint }) => endpoint === 'authorize')?.form
  const redeemed = asked.find(({ endpoint }) => endpoint === 'token')?.form
  assert.is(begun?.['response_type'], 'code')
  assert.is(begun?.['client_id'], 'curfew')
  assert.is(begun?.['redirect_uri'], `${world.app.url}/auth/callback/dev`)
  assert.is(begun?.['scope'], 'openid profile email')
  assert.is(begun?.['code_challenge_method'], 'S256')
  assert.match(begun?.['state'] ?? '', /^[\w-]{43}$/)
  assert.match(begun?.['nonce'] ?? '', /^[\w-]{43}$/)
  assert.is(redeemed?.['redirect_uri'], begun?.['redirect_uri'])
  const challenge = createHash('sha256')
    .update(redeemed?.['code_verifier'] ?? '')
    .digest('base64url')
  assert.is(begun?.['code_challenge'], challenge)
})

test('every login has a new session id: what was planted is worth nothing, what was there has ended', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()
  const planted = Buffer.alloc(33, 7).toString('base64url')
  await browser.setCookie(`curfew=${planted}; Path=/`)

  await browser.get('/auth/login')
  const first = (await browser.cookies())['curfew']
  await browser.get('/auth/login')
  const second = (await browser.cookies())['curfew']

  assert.is(new Set([planted, first, second]).size, 3)
  for (const [id, status] of [
    [planted, 401],
    [first, 401],
    [second, 200],
  ] as const) {
    const answer = await world.app.ask('/auth/session', { headers: { Cookie: `curfew=${id}` } })
    assert.is(answer.status, status)
  }
  const events = (await world.app.events()).filter(({ type }) => type.startsWith('session.'))
  const types = events.map(({ type, data }) => `${type} ${data.reason ?? ''}`.trim())
  assert.equal(types, ['session.created', 'session.created', 'session.revoked replaced'])
})

test('ten tabs of one browser sign in at the same moment, and each lands where it wanted', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()
  const wanted = Array.from({ length: 10 }, (_, tab) => `/auth/sessions?tab=${tab}`)

  const begun = await Promise.all(wanted.map((path) => callbackOf(browser, path)))
  const landed = await Promise.all(
    begun.map((callback) => browser.get(callback.href, { follow: (next) => next.pathname === '/' })),
  )

  assert.equal(
    landed.map(({ location }) => `${location?.pathname}${location?.search}`),
    wanted,
  )
  assert.equal(await failuresOf(world.app), [])
  assert.is((await browser.fetchApi('/auth/session')).status, 200)
})

test('with several providers there is a choice, which keeps where one wanted to go', async () => {
  await using other = await startScriptedProvider()
  await using world = await givenLogin({
    ...providerEnv('OTHER', other),
    CURFEW_PROVIDER_OTHER_LABEL: 'Other <one>',
  })
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login?return_to=/auth/session')
  assert.is(page.status, 200)
  assert.match(page.text, /href="\/auth\/login\/dev\?return_to=%2Fauth%2Fsession">[\s\S]*?dev[\s\S]*?<\/a>/)
  assert.match(page.text, /Other &lt;one&gt;/)

  const landed = await browser.click('/auth/login/other?return_to=%2Fauth%2Fsession')
  assert.is(JSON.parse(landed.text).session.provider, 'other')
  const direct = await browser.get('/auth/login?provider=dev&return_to=/auth/session')
  assert.is(JSON.parse(direct.text).session.provider, 'dev')
})

test('an unknown provider is not there', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  for (const path of [
    '/auth/login/facebook',
    '/auth/login?provider=facebook',
    '/auth/callback/facebook?state=x&code=y',
    '/auth/login/DEV',
    '/auth/login/__proto__',
    '/auth/login/%00',
    '/auth/callback/',
  ]) {
    assert.is((await browser.get(path)).status, 404, path)
  }
  assert.is((await browser.post('/auth/login/dev', {})).status, 405)
  assert.equal(await failuresOf(world.app), [])
})

test('where one wanted to go is a path of ours or nothing', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  for (const evil of ['https://evil.example/', '//evil.example', '/\\evil.example', '/auth/login']) {
    const callback = await callbackOf(browser, evil)
    const page = await browser.get(callback.href, { follow: () => false })
    assert.is(page.headers.get('location'), '/', evil)
  }
})

test('what is written in the address of a login is never taken for the provider’s answer', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login/dev?code=x&state=y&error=z&return_to=/auth/session')

  assert.is(page.status, 200)
})

test('a login begun at another address of ours continues at the public one, once', async () => {
  await using world = await givenLogin()
  const host = `identity.internal:${new URL(world.app.url).port}`

  const moved = await world.app.ask('/auth/login?return_to=/projects&provider=dev', {
    headers: { Host: host },
  })
  const next = new URL(moved.headers.get('location') ?? '')
  assert.is(next.origin, world.app.url)
  assert.is(next.searchParams.get('return_to'), '/projects')

  const stubborn = await world.app.ask(`${next.pathname}${next.search}`, { headers: { Host: host } })
  assert.is(stubborn.status, 302)
  assert.is(new URL(stubborn.headers.get('location') ?? '').origin, world.provider.issuer)
})

test('over https all cookies are of the host alone and never sent in the clear', async () => {
  await using world = await givenLogin({ PUBLIC_URL: 'https://curfew.example' })
  const headers = { Host: 'curfew.example' }

  const begun = await world.app.ask('/auth/login?return_to=/projects', { headers })
  const authorized = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' })
  const callback = new URL(authorized.headers.get('location') ?? '')
  assert.is(callback.origin, 'https://curfew.example')
  const [loginCookie = ''] = begun.headers.getSetCookie()
  const finished = await world.app.ask(`${callback.pathname}${callback.search}`, {
    headers: { ...headers, Cookie: loginCookie.split(';', 1)[0] ?? '' },
  })

  assert.is(finished.status, 302, finished.text)
  assert.is(finished.headers.get('location'), '/projects')
  const cookies = [loginCookie, ...finished.headers.getSetCookie()]
  assert.ok(cookies.some((cookie) => /^__Host-curfew=[\w-]{44};/.test(cookie)))
  for (const cookie of cookies) {
    assert.match(cookie, /^__Host-curfew/)
    assert.match(cookie, /; *secure/i)
    assert.match(cookie, /; *httponly/i)
    assert.match(cookie, /; *samesite=lax/i)
    assert.match(cookie, /; *path=\/(;|$)/i)
    assert.not.match(cookie, /domain/i)
  }
})

test.run()
