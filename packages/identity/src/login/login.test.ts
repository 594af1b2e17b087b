import { createHash } from 'node:crypto'
import { type Browser, eventually, type Page, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type GivenApp, givenApp } from '../testing/given-app.js'
import {
  ACCESS_TOKEN,
  type Answer,
  CLIENT_SECRET,
  flood,
  html,
  json,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from '../testing/scripted-provider.js'

const test = suite('identity: login')

async function given(env: Readonly<Record<string, string>> = {}, redisUrl?: string) {
  const provider = await startScriptedProvider()
  const app = await givenApp({
    env: { ...providerEnv('DEV', provider), ...env },
    ...(redisUrl === undefined ? {} : { redisUrl }),
  })
  return {
    app,
    provider,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

function providerEnv(name: string, { issuer }: ScriptedProvider): Record<string, string> {
  const fields = {
    ISSUER: issuer,
    CLIENT_ID: 'curfew',
    CLIENT_SECRET,
    AUTHORIZATION_URL: '',
    TOKEN_URL: '',
    USERINFO_URL: '',
  }
  const variables = Object.entries(fields).map(([field, value]) => [
    `CURFEW_PROVIDER_${name}_${field}`,
    value,
  ])
  return Object.fromEntries(variables)
}

/** Stops where the provider sends the browser back to us. */
const beforeCallback = { follow: (next: URL) => !next.pathname.startsWith('/auth/callback') }

/** Begins a login, and answers the address with which the provider would send the browser back. */
async function callbackOf(browser: Browser, returnTo = '/auth/session'): Promise<URL> {
  const page = await browser.get(`/auth/login?return_to=${encodeURIComponent(returnTo)}`, beforeCallback)
  if (page.location === null)
    throw new Error(`the provider did not send us back: ${page.status} ${page.text}`)
  return page.location
}

function failedAs(page: Page, status: number, title: RegExp): void {
  assert.is(page.status, status, page.text)
  assert.match(page.text, title)
  assert.match(page.text, /href="\/auth\/login\/dev\?return_to=%2F[^"]*">Sign in again</)
  assert.is(page.headers.get('cache-control'), 'no-store')
  assert.is(page.headers.get('referrer-policy'), 'same-origin')
  for (const name of ['state', 'code']) {
    const value = page.url.searchParams.get(name)
    if (value) assert.not.ok(page.text.includes(value), `the page shows the ${name}`)
  }
}

async function failuresOf(app: GivenApp): Promise<unknown[]> {
  const events = await app.events()
  return events.filter(({ type }) => type === 'login.failed').map(({ data }) => data.reason)
}

test('who signs in lands where they wanted, is known, and has a cookie that only we can read', async () => {
  await using world = await given()
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
  await using world = await given()
  const browser = await world.app.openBrowser(`curfew-signed-off=${'A'.repeat(43)}`)

  await browser.get('/auth/login?return_to=/auth/session')

  assert.equal(Object.keys(await browser.cookies()), ['curfew'])
})

test('the provider is asked with state, nonce and a challenge, and gets the verifier', async () => {
  await using world = await given()
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
  await using world = await given()
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
  await using world = await given()
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

test('who declines at the provider is told so, and can try again', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const callback = await callbackOf(browser, '/projects/p1')
  callback.searchParams.delete('code')
  callback.searchParams.set('error', 'access_denied')
  callback.searchParams.set('error_description', '<b>no</b>')

  const page = await browser.get(callback.href)

  failedAs(page, 403, /Signing in was declined/)
  assert.match(page.text, /href="\/auth\/login\/dev\?return_to=%2Fprojects%2Fp1"/)
  assert.not.match(page.text, /<b>no/)
  assert.is((await browser.fetchApi('/auth/session')).status, 401)
  assert.equal(await failuresOf(world.app), ['access-denied'])
})

test('other errors of the provider are told apart', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const answerTo = async (error: string) => {
    const callback = await callbackOf(browser)
    callback.searchParams.delete('code')
    callback.searchParams.set('error', error)
    return browser.get(callback.href)
  }

  failedAs(await answerTo('invalid_scope'), 400, /Signing in did not work/)
  failedAs(await answerTo('<script>'), 400, /Signing in did not work/)
  failedAs(await answerTo(''), 400, /Signing in did not work/)
  const away = await answerTo('temporarily_unavailable')
  failedAs(away, 503, /can’t be reached/)
  assert.match(away.headers.get('retry-after') ?? '', /^\d+$/)
})

test('a callback that does not fit a login of this browser is refused, and uses nothing up', async () => {
  await using world = await given()
  const ada = await world.app.openBrowser()
  const mallory = await world.app.openBrowser()
  const callback = await callbackOf(ada)
  const changed = (change: (query: URLSearchParams) => void) => {
    const url = new URL(callback)
    change(url.searchParams)
    return url.href
  }

  failedAs(await mallory.get(callback.href), 400, /Signing in did not work/)
  failedAs(await ada.get('/auth/callback/dev'), 400, /Signing in did not work/)
  for (const change of [
    (query: URLSearchParams) => query.delete('state'),
    (query: URLSearchParams) => query.set('state', ''),
    (query: URLSearchParams) => query.set('state', 'A'.repeat(43)),
    (query: URLSearchParams) => query.set('state', '\u0000<script>'),
    (query: URLSearchParams) => query.append('state', 'another'),
    (query: URLSearchParams) => query.append('code', 'another'),
  ]) {
    failedAs(await ada.get(changed(change)), 400, /Signing in did not work/)
  }
  assert.is(world.provider.countOf('token'), 0, 'no code is redeemed for a login that is not one')

  const failuresBefore = (await failuresOf(world.app)).length
  assert.is((await ada.get(callback.href)).status, 200)
  const reloaded = await ada.get(callback.href, { follow: () => false })
  assert.is(reloaded.status, 302)
  assert.is(reloaded.location?.pathname, '/', 'who is signed in is not told that signing in failed')
  assert.is((await failuresOf(world.app)).length, failuresBefore)
  const { text: counted } = await world.app.ask('/metrics')
  for (const result of ['signed-in', 'already-signed-in'])
    assert.match(counted, `curfew_logins_total{result="${result}",service="identity"} 1`)
  assert.is((await ada.fetchApi('/auth/session')).status, 200, 'a replay ends nothing')
  assert.is(world.provider.countOf('token'), 1)
})

test('a login that took too long, or came back without a code, begins anew', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const late = await callbackOf(browser)
  await world.app.redis.del(world.app.keys.login(late.searchParams.get('state') ?? ''))
  failedAs(await browser.get(late.href), 400, /took too long/)

  for (const code of [undefined, '']) {
    const callback = await callbackOf(browser)
    if (code === undefined) callback.searchParams.delete('code')
    else callback.searchParams.set('code', code)
    failedAs(await browser.get(callback.href), 400, /Signing in did not work/)
  }
  assert.equal(await failuresOf(world.app), ['state-unknown', 'code-missing', 'code-missing'])
})

test('one provider can’t answer for another, nor under another name', async () => {
  await using other = await startScriptedProvider()
  await using world = await given(providerEnv('OTHER', other))
  const browser = await world.app.openBrowser()
  const begin = async () => {
    const page = await browser.get('/auth/login/dev', beforeCallback)
    if (page.location === null) throw new Error(page.text)
    return page.location
  }

  const mixedUp = await begin()
  mixedUp.pathname = '/auth/callback/other'
  assert.is((await browser.get(mixedUp.href)).status, 400)
  const misnamed = await begin()
  misnamed.searchParams.set('iss', other.issuer)
  failedAs(await browser.get(misnamed.href), 400, /Signing in did not work/)
  assert.is(other.countOf('token') + world.provider.countOf('token'), 0)
  assert.equal(await failuresOf(world.app), ['provider-mixed-up', 'issuer-mismatch'])

  const named = await begin()
  named.searchParams.set('iss', world.provider.issuer)
  assert.is((await browser.get(named.href, { follow: () => false })).status, 302)
})

test('a provider that says it names itself in the callback must do so', async () => {
  await using world = await given()
  world.provider.changes.discovery['authorization_response_iss_parameter_supported'] = true
  const browser = await world.app.openBrowser()

  failedAs(await browser.get('/auth/login'), 400, /Signing in did not work/)
  world.provider.changes.callback['iss'] = world.provider.issuer
  assert.is((await browser.get('/auth/login?return_to=/auth/session')).status, 200)
})

test('a bad ID token signs nobody in', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  for (const [change, reason] of [
    [{ nonce: 'another' }, 'nonce-mismatch'],
    [{ aud: 'another' }, 'id-token-audience'],
    [{ iss: 'https://evil.example' }, 'id-token-issuer'],
    [{ exp: 1 }, 'id-token-expired'],
  ] as const) {
    world.provider.changes.idToken = change
    failedAs(await browser.get('/auth/login'), 400, /did not stand up to our checks/)
    assert.is((await failuresOf(world.app)).at(-1), reason)
  }
  assert.is((await browser.cookies())['curfew'], undefined)
})

test('a provider that breaks while it is asked is told apart from a login that fails', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const broken: ReadonlyArray<readonly ['token' | 'userinfo' | 'jwks', Answer, number]> = [
    ['token', html(), 502],
    ['token', html(500), 503],
    ['token', flood, 502],
    ['token', (response) => json(response, { error: 'invalid_grant' }, 400), 400],
    ['token', (response) => json(response, { error: 'invalid_client' }, 401), 400],
    ['token', (response) => void response.socket?.destroy(), 503],
    ['jwks', html(), 502],
    ['userinfo', html(503), 503],
    ['userinfo', html(), 502],
  ]

  for (const [endpoint, answer, status] of broken) {
    world.provider.script[endpoint] = answer
    const page = await browser.get('/auth/login?return_to=/deep')
    failedAs(page, status, /<h1>/)
    assert.match(page.text, /return_to=%2Fdeep"/)
    if (status === 503) assert.match(page.headers.get('retry-after') ?? '', /^\d+$/)
    delete world.provider.script[endpoint]
  }
  assert.is((await browser.get('/auth/login?return_to=/auth/session')).status, 200)
})

test('a provider that never answers is given up on, and others sign in meanwhile', async () => {
  await using quick = await startScriptedProvider()
  await using world = await given(providerEnv('QUICK', quick))
  world.provider.script.token = silence
  const slow = await world.app.openBrowser()
  const fast = await world.app.openBrowser()

  const waiting = slow.get('/auth/login/dev')
  const landed = await fast.get('/auth/login/quick?return_to=/auth/session')
  const page = await waiting

  assert.is(landed.status, 200)
  failedAs(page, 503, /can’t be reached/)
  assert.equal(await failuresOf(world.app), ['provider-timeout'])
})

test('a provider that can’t even be discovered is 503 before the browser leaves', async () => {
  await using world = await given()
  world.provider.script.discovery = html(500)
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login?return_to=/projects')

  assert.is(page.status, 503)
  assert.match(page.text, /href="\/auth\/login\?return_to=\/projects">Try again/)
  assert.equal(await failuresOf(world.app), [], 'nothing came back, so nothing failed')
})

test('who was blocked or signed off while signing in does not come in', async () => {
  await using world = await given()
  const { app } = world
  const known = await app.openBrowser()
  await known.get('/auth/login')
  const { user } = Object(await known.fetchApi('/auth/session')).body
  const row = app.keys.user(user.id)
  const browser = await app.openBrowser()

  const underWay = await callbackOf(browser, '/projects')
  await app.redis.hset(row, 'endedAt', 1)
  failedAs(await browser.get(underWay.href), 409, /signed off meanwhile/)
  await app.redis.hset(row, 'blocked', 1)
  failedAs(await browser.get('/auth/login'), 403, /This account is blocked/)

  const failures = (await app.events()).filter(({ type }) => type === 'login.failed')
  assert.equal(
    failures.map(({ subject, data }) => [subject, data.subjectName, data.reason]),
    [
      [user.id, 'Ada Lovelace', 'login-superseded'],
      [user.id, 'Ada Lovelace', 'user-blocked'],
    ],
  )
  assert.is((await browser.fetchApi('/auth/session')).status, 401)
})

test('a login that is refused leaves the browser the session that it had', async () => {
  await using world = await given()
  const { app, provider } = world
  const ada = await app.openBrowser()
  await ada.get('/auth/login')
  const row = app.keys.user(Object(await ada.fetchApi('/auth/session')).body.user.id)
  const browser = await app.openBrowser()
  provider.changes.idToken = { sub: 'grace' }
  provider.changes.userinfo = { sub: 'grace', name: 'Grace Hopper' }
  await browser.get('/auth/login')
  const before = await browser.cookies()
  Object.assign(provider.changes, { idToken: {}, userinfo: {} })

  await app.redis.hset(row, 'blocked', 1)
  failedAs(await browser.get('/auth/login'), 403, /This account is blocked/)
  assert.equal(await browser.cookies(), before)
  await app.redis.hdel(row, 'blocked')
  const underWay = await callbackOf(browser)
  await app.redis.hset(row, 'endedAt', 1)
  failedAs(await browser.get(underWay.href), 409, /signed off meanwhile/)
  assert.equal(await browser.cookies(), before)
  assert.is(Object(await browser.fetchApi('/auth/session')).body.user.name, 'Grace Hopper')
  await app.redis.hdel(row, 'endedAt')
  await browser.get('/auth/login')

  assert.is(Object(await browser.fetchApi('/auth/session')).body.user.name, 'Ada Lovelace')
  const events = (await app.events()).filter(({ type }) => type.startsWith('session.'))
  assert.equal(
    events.map(({ type, data }) => [type, data.subjectName, data.reason]),
    [
      ['session.created', 'Ada Lovelace', undefined],
      ['session.created', 'Grace Hopper', undefined],
      ['session.created', 'Ada Lovelace', undefined],
      ['session.revoked', 'Grace Hopper', 'replaced'],
    ],
  )
})

test('a failed login is a fact, by one correlation id from its beginning to its end', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const begun = await browser.get('/auth/login', {
    ...beforeCallback,
    headers: { 'X-Correlation-Id': 'correlation-of-ada' },
  })
  const callback = begun.location ?? new URL(world.app.url)
  callback.searchParams.set('iss', 'https://evil.example')

  await browser.get(callback.href)

  const [event, ...others] = await world.app.events()
  assert.equal(others, [])
  assert.is(event?.type, 'login.failed')
  assert.is(event?.subject, null)
  assert.equal(
    { ...event?.data, ip: '' },
    {
      actor: null,
      provider: 'dev',
      reason: 'issuer-mismatch',
      ip: '',
      userAgent: 'CurfewTestBrowser/1.0',
      correlationId: 'correlation-of-ada',
    },
  )
})

test('no state, code, nonce, verifier, token or secret is in a log or an event', async () => {
  await using world = await given()
  const { app, provider } = world
  const browser = await app.openBrowser()
  await browser.get('/auth/login')
  provider.script.token = html(500)
  await browser.get('/auth/login')
  delete provider.script.token
  provider.changes.idToken = { nonce: 'another' }
  await browser.get('/auth/login')
  await browser.get((await callbackOf(browser)).href.replace('code=', 'code2='))

  const secrets = provider.asked.flatMap(({ form, headers }) => [
    ...['state', 'nonce', 'code', 'code_verifier', 'code_challenge'].map((name) => form[name] ?? ''),
    headers['authorization'] ?? '',
  ])
  const written = app.logged.join('\n') + JSON.stringify(await app.events())
  const session = (await browser.cookies())['curfew'] ?? ''
  for (const secret of [...secrets, ACCESS_TOKEN, 'a-refresh-token', CLIENT_SECRET, 'eyJ', session]) {
    if (secret !== '') assert.not.ok(written.includes(secret), secret)
  }
  assert.ok(app.logged.length > 3, 'there is something to look at')
})

test('with several providers there is a choice, which keeps where one wanted to go', async () => {
  await using other = await startScriptedProvider()
  await using world = await given({
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
  await using world = await given()
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
  await using world = await given()
  const browser = await world.app.openBrowser()

  for (const evil of ['https://evil.example/', '//evil.example', '/\\evil.example', '/auth/login']) {
    const callback = await callbackOf(browser, evil)
    const page = await browser.get(callback.href, { follow: () => false })
    assert.is(page.headers.get('location'), '/', evil)
  }
})

test('what is written in the address of a login is never taken for the provider’s answer', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login/dev?code=x&state=y&error=z&return_to=/auth/session')

  assert.is(page.status, 200)
})

test('a login begun at another address of ours continues at the public one, once', async () => {
  await using world = await given()
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
  await using world = await given({ PUBLIC_URL: 'https://curfew.example' })
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

test('while Redis is away nobody is signed in or out, and no cookie is touched', async () => {
  await using redis = await startRedis({ appendonly: true })
  await using world = await given({}, redis.url)
  const browser = await world.app.openBrowser()
  await browser.get('/auth/login')
  const before = await browser.cookies()
  const underWay = await callbackOf(browser)

  await redis.stop()
  const begun = await browser.get('/auth/login')
  const finished = await browser.get(underWay.href)

  assert.is(begun.status, 503)
  failedAs(finished, 503, /We can’t look that up right now/)
  for (const page of [begun, finished]) assert.match(page.headers.get('retry-after') ?? '', /^\d+$/)
  assert.is((await browser.cookies())['curfew'], before['curfew'])

  await redis.restart()
  await eventually(async () => (await world.app.identity.ready()) === true)
  assert.is((await browser.fetchApi('/auth/session')).status, 200, 'still signed in')
  // Its background work connects again by itself, and can only be stopped once it has.
  await eventually(async () => {
    const connected = String(await world.app.redis.client('LIST'))
    return ['work', 'log', 'inboxes'].every((name) => connected.includes(`name=identity:${name} `))
  })
})

test.run()
