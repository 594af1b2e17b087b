import { createBrowser } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenDevProvider } from '../testing/given-dev-provider.js'

const test = suite('dev-provider: signing out')

test('signing out with the user’s own ID token needs no click and leads back', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)
  const { id_token } = await world.redeem(await world.signIn(browser, 'admin', 'curfew'))

  const asked = await browser.get(world.signOutUrl({ id_token_hint: id_token, state: 'the-state' }))
  const back = await browser.submitForm()
  const again = await browser.get(world.authorizeUrl())

  assert.match(asked.text, '<script src="/assets/go-on.js"></script>')
  assert.is(back.url.href, `${world.clientUrl}/?state=the-state`)
  assert.match(again.text, '<h1>Sign in</h1>')
})

test('a link to sign somebody out asks first, and no keeps them signed in', async () => {
  await using world = await givenDevProvider()
  const mallory = createBrowser(world.issuer)
  const { id_token } = await world.redeem(await world.signIn(mallory, 'viewer', 'curfew'))
  const browser = createBrowser(world.issuer)
  await world.signIn(browser, 'admin', 'curfew')

  for (const url of ['/session/end', world.signOutUrl({ id_token_hint: id_token })]) {
    const page = await browser.get(url)
    assert.match(page.text, '<h1>Sign out?</h1>')
    assert.not.match(page.text, 'go-on.js')
  }
  await browser.submitForm()

  assert.ok((await browser.get(world.authorizeUrl())).url.searchParams.has('code'))
})

test.run()
