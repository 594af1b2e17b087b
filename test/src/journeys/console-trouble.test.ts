import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog, scrollTo } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console in trouble')

/** What a browser's console says of requests that fail on purpose here. */
const FAILED = /status of (400|422)|net::ERR_FAILED/

// found 2026-11-27: it had no colour, and the field of the filter was empty
test('an event of a type that only a newer version knows is shown, opened and filtered like any other', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')

  await log.writeNewer('user.promoted')
  await newest(page, 'user.promoted')
  await lines(page).first().click()
  await page.waitForSelector('#panel .event-head.tone-plain')
  await page.goto(`${system.console}?type=user.promoted`)
  await newest(page, 'user.promoted')

  assert.is(await lines(page).count(), 1)
  assert.match((await lines(page).first().getAttribute('class')) ?? '', 'tone-plain')
  assert.is(await page.inputValue('#log-type'), 'user.promoted')
})

// found 2026-11-26: the lines of the filter before stayed, and nothing was said.
test('what the log can’t load is said where it is missing, and no line stays that the filter does not fit', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  await using log = await openLog(system.redisUrl)
  const began = Date.now() - 3_600_000
  for (let i = 0; i < 250; i++) await log.write(`n${i}`, 'session.expired', {}, new Date(began + i * 1_000))
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}?actor=system`, 'admin')
  await newest(page, 'n249')

  await page.keyboard.press('f')
  await page.fill('#log-filters [name=ref]', 'nonsense')
  await page.keyboard.press('Enter')
  const clear = '#log-note[role=alert] button:text-is("Clear the filter")'
  await page.waitForSelector(clear)
  assert.is(await lines(page).count(), 0)
  await page.click(clear)
  await page.waitForSelector('.chips', { state: 'detached' })
  await lines(page).first().waitFor()

  await page.goto(`${system.console}?actor=system`)
  await newest(page, 'n249')
  await page.route(isOlder, (route) => route.abort())
  await scrollTo(page, 100_000)
  await page.waitForSelector('#log-end [role=alert]')
  await page.unroute(isOlder)
  await page.click('#log-end button:text-is("Try again")')
  await page.waitForSelector('.log-end:has-text("Nothing older fits.")')

  await page.route(isNewer, (route) => route.abort())
  await page.goto(`${system.console}?actor=system&at=${new Date(began + 100_500).toISOString()}`)
  await page.waitForSelector('#log-trouble[role=alert]')
  await newest(page, 'n100')
  await page.unroute(isNewer)
  // It is asked for again by itself.
  await page.waitForSelector('.log-row:has-text("n101")')
  await page.waitForSelector('#log-trouble', { state: 'detached' })
})

test('an address that nobody can have written shows that nobody is there, and the rest of the page', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/users`, 'admin')
  await page.waitForSelector('.users a:has-text("Ada Admin")')
  await page.evaluate(`history.pushState(null, '', '/console/users/%E0%A4%A')`)
  await page.evaluate(`dispatchEvent(new PopStateEvent('popstate'))`)
  await page.waitForSelector('#user-view [role=alert]')
  await page.waitForSelector('.users a:has-text("Ada Admin")')
})

const isLog = (url: URL) => url.pathname === '/events'
const isOlder = (url: URL) => isLog(url) && url.searchParams.has('before')
const isNewer = (url: URL) => isLog(url) && url.searchParams.has('from')

test.run()
