import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { serve } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from './chromium.js'
import { ROOT } from './root.js'

const test = suite('test: chromium')

test('a page opens, and its picture is kept', async () => {
  const picture = join(ROOT, 'artifacts/screenshots/harness.png')
  await rm(picture, { force: true })
  await using site = await servePage('<h1>Hello</h1>')
  await using chromium = await openChromium()

  const page = await chromium.openPage()
  await page.goto(site.url)
  await screenshot(page, 'harness')

  assert.is(await page.textContent('h1'), 'Hello')
  assert.is((await readFile(picture)).subarray(1, 4).toString(), 'PNG')
})

test('people share no cookie', async () => {
  await using site = await servePage('<h1>Hello</h1>')
  await using chromium = await openChromium()
  const page = await chromium.openPage()
  await page.goto(site.url)
  await page.evaluate('document.cookie = "mine=1"')

  const other = await (await chromium.openProfile()).newPage()
  await other.goto(site.url)

  assert.is(await other.evaluate('document.cookie'), '')
})

for (const [what, body, says] of [
  ['an error in a page', '<script>throw new Error("a bug in the page")</script>', /a bug in the page/],
  ['a console error', '<script>console.error("looks bad")</script>', /looks bad/],
  ['a violation of the policy', '<img src="http://elsewhere.test/x.png">', /Content Security Policy/i],
] as const) {
  test(`${what} fails the test`, async () => {
    await using site = await servePage(body)
    const chromium = await openChromium()
    const page = await chromium.openPage()
    await page.goto(site.url)

    const failure = await chromium[Symbol.asyncDispose]().then(
      () => null,
      (error: unknown) => error,
    )

    assert.match(String(failure), says)
  })

  test(`${what} is tolerated where the test says so`, async () => {
    await using site = await servePage(body)
    await using chromium = await openChromium({ tolerate: [says] })

    await (await chromium.openPage()).goto(site.url)

    assert.equal(chromium.complaints, [])
  })
}

test.run()

function servePage(body: string) {
  return serve((request, response) => {
    if (request.url !== '/') return response.writeHead(204).end()
    response.setHeader('Content-Type', 'text/html')
    response.setHeader('Content-Security-Policy', "img-src 'self'")
    return response.end(`<!doctype html><html lang="en"><title>Test</title><body>${body}</body></html>`)
  })
}
