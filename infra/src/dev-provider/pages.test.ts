import { createBrowser } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenDevProvider } from '../testing/given-dev-provider.js'

const test = suite('dev-provider: pages')

test('what goes wrong is a readable page with a way back', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)

  const pages = [
    await browser.get(world.authorizeUrl({ redirect_uri: 'https://evil.example/' })),
    await browser.get('/interaction/unknown'),
    await browser.get('/nowhere'),
  ]

  assert.equal(
    pages.map((page) => page.status),
    [400, 400, 404],
  )
  for (const page of pages) assert.match(page.text, `href="${world.clientUrl}/"`)
})

test('no page allows code that is written into it', async () => {
  await using world = await givenDevProvider()
  const browser = createBrowser(world.issuer)

  for (const path of [world.authorizeUrl(), '/session/end/success', '/']) {
    const page = await browser.get(path)
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, "default-src 'none'")
    assert.not.match(policy, 'unsafe')
    assert.not.match(page.text, / style=| on\w+=|<style|<script>/)
  }
})

test.run()
