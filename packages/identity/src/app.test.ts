import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isProblem } from './testing/answers.js'
import { CLIENT_SECRET, givenApp } from './testing/given-app.js'

const test = suite('identity: the service as a whole')

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'

test('an address that nobody knows is a problem for a program and a page for a person', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()

  for (const path of [
    '/nothing',
    '/auth',
    '/auth/',
    '/auth/nothing',
    '/auth/session/x',
    '/auth/logout/x',
    '/%',
  ]) {
    isProblem(await browser.fetchApi(path), 404, 'not-found')
    const page = await browser.get(path)
    assert.is(page.status, 404, path)
    assert.match(page.headers.get('content-type') ?? '', 'text/html')
    assert.match(page.text, 'There is nothing here')
  }
})

test('a method that an address does not take is refused with those that it takes', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()
  const cases = [
    ['POST', '/auth/session', 'HEAD, GET'],
    ['PUT', '/auth/session', 'HEAD, GET'],
    ['DELETE', '/auth/sessions', 'HEAD, GET'],
    ['GET', '/auth/sessions/x', 'DELETE'],
    ['GET', '/auth/sessions/x/end', 'POST'],
    ['GET', '/auth/logout', 'POST'],
    ['POST', '/', 'HEAD, GET'],
    ['POST', '/auth/login', 'HEAD, GET'],
    ['PROPFIND', '/auth/session', 'HEAD, GET'],
    ['TRACE', '/auth/session', 'HEAD, GET'],
  ]

  for (const [method = '', path = '', allowed] of cases) {
    const answer = await browser.fetchApi(path, { method })
    isProblem(answer, 405, 'method-not-allowed')
    assert.is(answer.headers.get('allow'), allowed, `${method} ${path}`)
  }
})

test('every answer, page, error or JSON, is guarded by its headers and kept by nobody', async () => {
  await using app = await givenApp()
  const { cookie } = await app.login()

  for (const [path, accept, status] of [
    ['/', HTML, 200],
    ['/auth/session', 'application/json', 200],
    ['/auth/sessions', 'application/json', 200],
    ['/auth/admin/users', 'application/json', 403],
    ['/auth/signed-off/x', HTML, 404],
    ['/nothing', HTML, 404],
    ['/nothing', 'application/json', 404],
    ['/auth/login/dev', HTML, 302],
  ] as const) {
    const { headers, ...answer } = await app.ask(path, { headers: { Accept: accept, Cookie: cookie } })
    const policy = headers.get('content-security-policy') ?? ''
    assert.is(answer.status, status, path)
    assert.match(policy, "default-src 'none'")
    assert.match(policy, "frame-ancestors 'none'")
    assert.not.match(policy, 'unsafe')
    assert.is(headers.get('x-content-type-options'), 'nosniff')
    assert.is(headers.get('x-frame-options'), 'DENY')
    assert.is(headers.get('referrer-policy'), 'same-origin')
    assert.is(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.is(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.is(headers.get('cache-control'), 'no-store', path)
    assert.is(headers.get('x-powered-by'), null)
    assert.is(headers.get('access-control-allow-origin'), null)
    assert.match(headers.get('x-correlation-id') ?? '', /^[\w.-]{8,64}$/)
    assert.is(headers.get('strict-transport-security'), null)
  }
})

test('over https browsers are told to stay there', async () => {
  await using app = await givenApp({ env: { PUBLIC_URL: 'https://curfew.test' } })

  const { headers } = await app.ask('/')

  assert.match(headers.get('strict-transport-security') ?? '', /^max-age=31536000/)
})

test('no page has code or style in it that the policy forbids', async () => {
  await using app = await givenApp()
  const { browser } = await app.login({ name: '<script>alert(1)</script> "O\'Brien" & sons' })

  for (const path of ['/', '/nothing', '/auth/admin/users']) {
    const { text } = await browser.get(path)
    assert.not.match(text, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/i, path)
    assert.not.match(text, 'alert(1)</script>')
  }
})

test('the process says that it lives, that it is ready, and what it counts', async () => {
  await using app = await givenApp()

  const [alive, ready] = [await app.ask('/healthz'), await app.ask('/readyz')]

  assert.equal([alive.status, JSON.parse(alive.text)], [200, { status: 'alive' }])
  assert.equal([ready.status, JSON.parse(ready.text)], [200, { status: 'ready' }])
  for (const { headers } of [alive, ready]) assert.is(headers.get('cache-control'), 'no-store')
})

test('without a lease it is not ready, and says so', async () => {
  await using app = await givenApp()
  assert.match((await app.ask('/metrics')).text, 'curfew_guard_following{service="identity"} 1')

  await app.guard.close()

  const answer = await app.ask('/readyz')
  assert.is(answer.status, 503)
  assert.match(answer.text, 'The guard has no lease')
})

test('sign-offs are counted by reason, logins by result, and confirmations timed', async () => {
  await using app = await givenApp()
  const [ada, phone, admin] = [await app.login(), await app.login(), await app.loginAdmin()]

  await phone.browser.fetchApi('/auth/logout', { method: 'POST', json: {} })
  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: { scope: 'others' } })
  await admin.browser.fetchApi(`/auth/admin/sessions/${ada.record.ref}`, { method: 'DELETE' })
  await admin.browser.fetchApi(`/auth/admin/sessions/${ada.record.ref}`, { method: 'DELETE' })
  const path = `/auth/admin/users/${ada.record.user.id}`
  await admin.browser.fetchApi(`${path}/block`, { method: 'POST', json: { reason: 'lost laptop' } })
  await ada.browser.get('/auth/callback/dev?state=forged&code=forged')

  const { headers, text } = await app.ask('/metrics')
  assert.match(headers.get('content-type') ?? '', /^text\/plain/)
  const lines = text.split('\n')
  const counted = lines.filter((line) => line.startsWith('curfew_'))
  const has = (line: string) => assert.ok(lines.includes(line), `${line} is not in\n${counted.join('\n')}`)
  for (const reason of ['logged-out', 'others', 'admin', 'blocked']) {
    has(`curfew_signoffs_total{reason="${reason}",result="recorded",service="identity"} 1`)
  }
  has('curfew_signoff_confirmation_ms_count{service="identity",reason="others",how="applied"} 1')
  has('curfew_signoffs_pending{service="identity"} 0')
  has('curfew_logins_total{result="login-failed",service="identity"} 1')
  assert.match(
    text,
    /http_request_duration_seconds_count\{.*method="POST",route="\/auth\/logout",status="200"\} 2/,
  )
  for (const secret of [ada.sessionId, ada.record.ref, ada.record.user.id, 'lost laptop', 'forged']) {
    assert.not.match(text, secret)
  }
})

test('what is written down holds no cookie, no token, no secret and no capability', async () => {
  await using app = await givenApp()
  const tokens = {
    accessToken: 'at-5ecret',
    refreshToken: 'rt-5ecret',
    idToken: 'it-5ecret',
    accessTokenExpiresAt: null,
  }
  const [ada, phone, admin] = [
    await app.login({ tokens }),
    await app.login({ tokens }),
    await app.loginAdmin(),
  ]

  await ada.browser.get('/')
  await ada.browser.get('/auth/login/dev?return_to=/projects', { follow: () => false })
  await ada.browser.get('/auth/callback/dev?state=st-5ecret&code=co-5ecret')
  await ada.browser.get('/auth/callback/dev?error=access_denied&error_description=de-5ecret')
  await ada.browser.fetchApi('/auth/logout', { method: 'POST', json: ['bo-5ecret'] })
  await app.ask('/auth/logout', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: app.url, Cookie: ada.cookie },
    body: '{"password":"pw-5ecret',
  })
  await admin.browser.fetchApi(`/auth/admin/sessions/${phone.record.ref}`, { method: 'DELETE' })
  await app.ask('/auth/session', { headers: { Authorization: 'Bearer be-5ecret', Cookie: ada.cookie } })
  const farewell = await ada.browser.post('/auth/logout', {}, { from: app.url, follow: () => false })
  const capability = farewell.location?.pathname.split('/').at(-1) ?? ''
  await ada.browser.get(`/auth/signed-off/${capability}`)

  const written = [...app.logged, JSON.stringify(await app.everything())].join('\n')
  assert.ok(app.logged.length > 10)
  assert.match(written, '/auth/signed-off/:capability')
  for (const secret of [
    ada.sessionId,
    phone.sessionId,
    admin.sessionId,
    capability,
    CLIENT_SECRET,
    app.config.TOKEN_KEYS[0]?.toString('base64url') ?? '',
    '-5ecret',
  ]) {
    assert.ok(secret.length > 5)
    assert.is(written.indexOf(secret), -1, secret)
  }
})

test('while it is not known who is blocked it is not ready, and says so, since nothing can be confirmed', async () => {
  await using app = await givenApp()
  const { redis, keys, guard } = app

  await redis.set(keys.blocked, 'no list')
  await redis.hdel(keys.members, guard.instance)
  await eventually(async () => (await app.ask('/readyz')).text.includes('who is blocked'))
  await redis.del(keys.blocked)

  await eventually(async () => (await app.ask('/readyz')).status === 200)
})

test.run()
