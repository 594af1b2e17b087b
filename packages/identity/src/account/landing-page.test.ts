import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenApp } from '../testing/given-app.js'
import { givenFarewell } from '../testing/given-farewell.js'
import { givenReceipt } from '../testing/given-receipt.js'

const test = suite('identity: landing page')

const GONE = 'curfew-signed-off=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'
const dontFollow = { follow: () => false }

test('who comes back signed out is told so, and by how many, once', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()
  await browser.post('/auth/logout', { scope: 'user' }, { from: app.url, ...dontFollow })

  const first = await browser.get('/?state=of-the-provider')
  const second = await browser.get('/')

  assert.match(first.text, 'You are signed out everywhere.')
  assert.match(first.text, /Confirmed by 1 of 1 instance in \d+(\.\d)? ms\./)
  assert.equal(first.headers.getSetCookie(), [GONE])
  assert.is(second.status, 200)
  assert.not.match(second.text, 'You are signed out')
  assert.equal(second.headers.getSetCookie(), [])
  for (const page of [first, second]) assert.match(page.text, 'One login opens every service.')
})

test('the provider’s state is gone from the address, and the word of the sign-off is not', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()
  await browser.post('/auth/logout', { scope: 'user' }, { from: app.url, ...dontFollow })

  const sentBack = await browser.get('/?state=of-the-provider', dontFollow)
  const landing = await browser.get('/?state=of-the-provider')

  assert.is(sentBack.status, 303)
  assert.is(sentBack.headers.get('location'), '/')
  assert.equal(sentBack.headers.getSetCookie(), [])
  assert.is(landing.url.search, '')
  assert.match(landing.text, 'You are signed out everywhere.')
})

test('the receipt can be looked at without being sent to the provider once more', async () => {
  await using app = await givenApp()
  const continueTo = 'https://provider.test/end?id_token_hint=secret'
  const capability = await givenFarewell(app, { scope: 'session', continueTo })
  const browser = await app.openBrowser(`curfew-signed-off=${capability}`)

  const landing = await browser.get('/')
  const [, href = ''] = /<a href="([^"]+)">See the receipt<\/a>/.exec(landing.text) ?? []
  const receipt = await browser.click(href)

  assert.match(landing.text, 'You are signed out. Confirmed by 4 of 4 instances in 2.3 ms.')
  assert.is(receipt.status, 200)
  assert.match(receipt.text, 'Sign-off no. 1842')
  assert.match(receipt.text, 'Sign in again')
  assert.is(receipt.headers.get('refresh'), null)
  for (const { text } of [landing, receipt]) assert.not.match(text, 'provider.test')
})

test('what is not confirmed is not called so', async () => {
  await using app = await givenApp()
  const receipt = givenReceipt({ confirmed: false, tookMs: 6_100 })
  const capability = await givenFarewell(app, { receipt })

  const { text, headers } = await (await app.openBrowser(`curfew-signed-off=${capability}`)).get('/')

  assert.match(text, 'Not confirmed yet: applied by 4 of 4 instances after 6.1 s.')
  assert.not.match(text, /Confirmed by|class="tick"/)
  assert.equal(headers.getSetCookie(), [], 'it is said again once it is')
})

test('a cookie that says nothing, or nothing any more, goes, and the page is as always', async () => {
  await using app = await givenApp()

  for (const value of ['', 'garbage', 'A'.repeat(43), '<script>']) {
    const browser = await app.openBrowser()
    const { status, text, headers } = await browser.get('/', {
      headers: { Cookie: `curfew-signed-off=${value}` },
    })
    assert.is(status, 200)
    assert.not.match(text, 'You are signed out')
    assert.equal(headers.getSetCookie(), [GONE], value)
  }
})

test('who is signed in again is not told of the time before', async () => {
  await using app = await givenApp()
  const { browser } = await app.login()
  await browser.post('/auth/logout', {}, { from: app.url, ...dontFollow })
  await browser.setCookie(`${(await app.login()).cookie}; Path=/`)

  const { text } = await browser.get('/')

  assert.match(text, 'Hello, Ada Lovelace')
  assert.not.match(text, 'You are signed out')
})

test.run()
