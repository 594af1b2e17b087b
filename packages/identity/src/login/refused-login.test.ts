import { eventually, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  beforeCallback,
  callbackOf,
  comeBackWith,
  failedAs,
  failuresOf,
  givenLogin,
  providerEnv,
} from '../testing/given-login.js'
import { startScriptedProvider } from '../testing/scripted-provider.js'

const test = suite('identity: a login that is refused')

test('who declines at the provider is told so, and can try again', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()

  const declined = { error: 'access_denied', error_description: '<b>no</b>' }
  const page = await comeBackWith(browser, declined, '/projects/p1')

  failedAs(page, 403, /Signing in was declined/)
  assert.match(page.text, /href="\/auth\/login\/dev\?return_to=%2Fprojects%2Fp1"/)
  assert.not.match(page.text, /<b>no/)
  assert.is((await browser.fetchApi('/auth/session')).status, 401)
  assert.equal(await failuresOf(world.app), ['access-denied'])
})

test('a callback that does not fit a login of this browser is refused, and uses nothing up', async () => {
  await using world = await givenLogin()
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
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()
  const late = await callbackOf(browser)
  await world.app.redis.del(world.app.keys.login(late.searchParams.get('state') ?? ''))
  failedAs(await browser.get(late.href), 400, /took too long/)

  for (const code of [undefined, '']) {
    const page = await comeBackWith(browser, code === undefined ? {} : { code })
    failedAs(page, 400, /Signing in did not work/)
  }
  assert.equal(await failuresOf(world.app), ['state-unknown', 'code-missing', 'code-missing'])
})

test('one provider can’t answer for another, nor under another name', async () => {
  await using other = await startScriptedProvider()
  await using world = await givenLogin(providerEnv('OTHER', other))
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
  await using world = await givenLogin()
  world.provider.changes.discovery['authorization_response_iss_parameter_supported'] = true
  const browser = await world.app.openBrowser()

  failedAs(await browser.get('/auth/login'), 400, /Signing in did not work/)
  world.provider.changes.callback['iss'] = world.provider.issuer
  assert.is((await browser.get('/auth/login?return_to=/auth/session')).status, 200)
})

test('a bad ID token signs nobody in', async () => {
  await using world = await givenLogin()
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

test('who was blocked or signed off while signing in does not come in', async () => {
  await using world = await givenLogin()
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
  await using world = await givenLogin()
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

test('while Redis is away nobody is signed in or out, and no cookie is touched', async () => {
  await using redis = await startRedis({ appendonly: true })
  await using world = await givenLogin({}, redis.url)
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
