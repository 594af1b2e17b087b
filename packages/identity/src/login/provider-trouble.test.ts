import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { comeBackWith, failedAs, failuresOf, givenLogin, providerEnv } from '../testing/given-login.js'
import {
  type Answer,
  flood,
  html,
  json,
  silence,
  startScriptedProvider,
} from '../testing/scripted-provider.js'

const test = suite('identity: a provider in trouble')

test('other errors of the provider are told apart', async () => {
  await using world = await givenLogin()
  const browser = await world.app.openBrowser()
  const answerTo = (error: string) => comeBackWith(browser, { error })

  failedAs(await answerTo('invalid_scope'), 400, /Signing in did not work/)
  failedAs(await answerTo('<script>'), 400, /Signing in did not work/)
  failedAs(await answerTo(''), 400, /Signing in did not work/)
  const away = await answerTo('temporarily_unavailable')
  failedAs(away, 503, /can’t be reached/)
  assert.match(away.headers.get('retry-after') ?? '', /^\d+$/)
})

test('a provider that breaks while it is asked is told apart from a login that fails', async () => {
  await using world = await givenLogin()
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
  await using world = await givenLogin(providerEnv('QUICK', quick))
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
  await using world = await givenLogin()
  world.provider.script.discovery = html(500)
  const browser = await world.app.openBrowser()

  const page = await browser.get('/auth/login?return_to=/projects')

  assert.is(page.status, 503)
  assert.match(page.text, /href="\/auth\/login\?return_to=\/projects">Try again/)
  assert.equal(await failuresOf(world.app), [], 'nothing came back, so nothing failed')
})

test.run()
