import { eventually } from '@curfew/testing'
import type { BrowserContext, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openTabs } from './testing/chromium.js'
import { ADA, EDDA, openWorld } from './testing/session-world.js'

const test = suite('service: session watch')

test('ten tabs share one stream, and all of them say that it is over', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const pages = await Promise.all(Array.from({ length: 10 }, () => openPage(tabs, world.url)))
  await eventually(() => world.streams.size === 1)

  world.end('admin')
  await Promise.all(pages.map((page) => notice(page).waitFor()))

  for (const page of pages)
    assert.match((await notice(page).textContent()) ?? '', 'An administrator ended your session.')
  await eventually(() => world.streams.size === 0)
})

test('the notice covers what belongs to the person, and leads back here', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url, '/page?list=1')

  world.end('blocked')
  await notice(page).waitFor()

  assert.is(
    await page.getByRole('alertdialog').getByRole('heading').textContent(),
    'You have been signed out',
  )
  assert.not(await page.locator('h1').isVisible())
  assert.not(await page.locator('.account').isVisible())
  assert.is(await page.title(), 'You have been signed out · Curfew')
  const signIn = notice(page).getByRole('link', { name: 'Sign in' })
  assert.is(await signIn.getAttribute('href'), '/auth/login?return_to=%2Fpage%3Flist%3D1')
  assert.ok(await signIn.evaluate((link) => link === link.ownerDocument.activeElement))
  // Escape closes dialogs; this one only once it may.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  assert.ok(await notice(page).isVisible())
})

test('when the tab that leads is closed, another takes over', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const first = await openPage(tabs, world.url)
  const second = await openPage(tabs, world.url)
  const third = await openPage(tabs, world.url)
  const ours = await eventually(() => [...world.streams][0])

  await first.close()
  await eventually(() => world.streams.size === 1 && !world.streams.has(ours))
  world.end('everywhere')

  await Promise.all([notice(second).waitFor(), notice(third).waitFor()])
  assert.match(
    (await notice(third).textContent()) ?? '',
    'You signed out of this session, here or from another',
  )
})

test('a lost connection is said quietly, is no sign-out, and heals', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)
  const other = await openPage(tabs, world.url)

  world.goDown()
  await page.locator('.connection-note').waitFor()
  await other.locator('.connection-note').waitFor()
  assert.is(await page.getByRole('status').textContent(), 'Connection lost. Trying again…')
  assert.ok(await page.locator('h1').isVisible())
  assert.is(await notice(page).count(), 0)

  world.comeBack()
  await page.locator('.connection-note').waitFor({ state: 'detached' })
  await other.locator('.connection-note').waitFor({ state: 'detached' })
  assert.is(world.streams.size, 1)
})

test('a session that ended while nobody could tell is noticed afterwards', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)

  world.goDown()
  world.signIn(undefined)
  world.comeBack()

  await notice(page).waitFor()
  assert.match((await notice(page).textContent()) ?? '', 'Your session has ended.')
})

test('a page that comes back from the browser’s memory looks again', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)

  await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
  await eventually(() => world.streams.size === 0)
  world.signIn(undefined)
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

  await notice(page).waitFor()
})

test('whoever signs in again finds the page as it was, with what was typed', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)
  await page.fill('#draft', 'half a sentence')
  world.end('idle')
  await notice(page).waitFor()

  world.signIn(ADA)
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

  await notice(page).waitFor({ state: 'detached' })
  assert.is(await page.inputValue('#draft'), 'half a sentence')
  assert.ok(await page.locator('h1').isVisible())
  await eventually(() => world.streams.size === 1)
  world.end('admin')
  await notice(page).waitFor()
})

test('when somebody else signs in, the page of the first stays covered', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const adas = await openPage(tabs, world.url)

  world.end('logged-out')
  world.signIn(EDDA)
  const eddas = await openPage(tabs, world.url)

  await notice(adas).waitFor()
  await eventually(async () => (await notice(adas).textContent())?.includes('Someone else is signed in'))
  assert.match((await notice(adas).textContent()) ?? '', 'signed in as Edda')
  assert.not(await adas.locator('h1').isVisible())
  assert.is(await notice(eddas).count(), 0)
})

test('a session that the same person replaced is no sign-out', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)
  const before = await eventually(() => [...world.streams][0])

  world.end('replaced')
  world.signIn(ADA)

  await eventually(() => world.streams.size === 1 && !world.streams.has(before))
  await page.locator('h1').waitFor()
  assert.is(await notice(page).count(), 0)
})

// found 2026-11-21: ten tabs that signed in one after the other each told the others they were signed out
test('a new session in place of this one may take a moment to arrive', async () => {
  await using world = await openWorld()
  await using tabs = await openTabs()
  const page = await openPage(tabs, world.url)
  await eventually(() => world.streams.size === 1)
  const refused = page.waitForResponse((answer) => answer.status() === 401)

  world.end('replaced')
  await refused
  world.signIn(ADA)

  await eventually(() => world.streams.size === 1)
  await page.locator('h1').waitFor()
  assert.is(await notice(page).count(), 0)
})

const notice = (page: Page) => page.locator('.session-notice')

async function openPage(tabs: BrowserContext, url: string, path = '/page'): Promise<Page> {
  const page = await tabs.newPage()
  await page.goto(url + path)
  return page
}

test.run()
