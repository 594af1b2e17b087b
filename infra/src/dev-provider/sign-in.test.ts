import { createBrowser } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenDevProvider } from '../testing/given-dev-provider.js'

const test = suite('dev-provider: signing in')

test('signing in gives a code, and the code tokens with profile and roles', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)

  const tokens = await world.redeem(await world.signIn(browser, 'admin', 'curfew'))
  const claims = claimsOf(tokens.id_token)
  const userinfo = await world.userinfo(tokens.access_token)

  const expected = {
    sub: 'admin',
    name: 'Ada Admin',
    preferred_username: 'admin',
    email: 'ada@example.com',
    email_verified: true,
    roles: ['admin', 'editor'],
  }
  assert.equal({ ...claims, ...expected }, claims)
  assert.equal(userinfo, expected)
  assert.is(claims['nonce'], 'the-nonce')
  assert.ok(Math.abs(Number(claims['auth_time']) - Date.now() / 1000) < 10)
})

test('a wrong password and an unknown name get the same clear answer, and the page stays', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)
  await browser.get(world.authorizeUrl())

  for (const [username, password] of [
    ['admin', 'Curfew'],
    ['root', 'curfew'],
    ['__proto__', 'curfew'],
    ['admin', ''],
  ] as const) {
    const page = await browser.submitForm({ username, password })
    assert.is(page.status, 422, username)
    assert.match(page.text, 'don’t belong together')
  }

  const page = await browser.submitForm({ username: ' Viewer ', password: 'curfew' })
  assert.is(page.url.origin, world.clientUrl)
  assert.ok(page.url.searchParams.has('code'))
})

test('what somebody typed is not markup', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)
  await browser.get(world.authorizeUrl())

  const page = await browser.submitForm({ username: '"><script>x</script>', password: 'x' })

  assert.not.match(page.text, '<script>')
})

test('cancelling leads back with access_denied', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)
  const { url } = await browser.get(world.authorizeUrl())

  const page = await browser.post(url.pathname, { cancel: 'yes' })

  assert.is(page.url.searchParams.get('error'), 'access_denied')
})

test('who is signed in is not asked again, unless the client wants it', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)
  await world.signIn(browser, 'editor', 'curfew')

  const silent = await browser.get(world.authorizeUrl({ prompt: 'none' }))
  const again = await browser.get(world.authorizeUrl({ prompt: 'login' }))

  assert.ok(silent.url.searchParams.has('code'))
  assert.match(again.text, '<h1>Sign in</h1>')
})

test('asking for consent adds no question about our own client', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)

  const code = await world.signIn(browser, 'editor', 'curfew', { prompt: 'consent' })

  assert.ok((await world.redeem(code)).refresh_token)
})

test.run()

function claimsOf(idToken: string): Record<string, unknown> {
  const [, payload = ''] = idToken.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
