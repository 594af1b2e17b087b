import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { beforeCallback, callbackOf, givenLogin } from '../testing/given-login.js'
import { ACCESS_TOKEN, CLIENT_SECRET, html } from '../testing/scripted-provider.js'

const test = suite('identity: what is told of a login')

test('a failed login is a fact, by one correlation id from its beginning to its end', async () => {
  await using world = await givenLogin()
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

test('a login, and what it ends, go by the correlation id under which it began', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()
  const begin = async (correlationId: string) =>
    browser.get('/auth/login', { ...beforeCallback, headers: { 'X-Correlation-Id': correlationId } })
  await browser.get((await begin('first-login')).location?.href ?? '')
  const callback = (await begin('second-login')).location?.href ?? ''

  const back = await browser.get(callback, {
    headers: { 'X-Correlation-Id': 'a-callback' },
    follow: () => false,
  })

  assert.is(back.headers.get('x-correlation-id'), 'second-login')
  const told = (await world.app.events()).map(({ type, data }) => `${type} ${data.correlationId}`)
  assert.equal(told.slice(0, 3), [
    'session.created first-login',
    'session.created second-login',
    'session.revoked second-login',
  ])
})

test('no state, code, nonce, verifier, token or secret is in a log or an event', async () => {
  await using world = await givenLogin()
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
  const written = app.logged.join('\n') + JSON.stringify(await app.everything())
  const session = (await browser.cookies())['curfew'] ?? ''
  for (const secret of [...secrets, ACCESS_TOKEN, 'a-refresh-token', CLIENT_SECRET, 'eyJ', session]) {
    if (secret !== '') assert.not.ok(written.includes(secret), secret)
  }
  assert.ok(app.logged.length > 3, 'there is something to look at')
})

test.run()
