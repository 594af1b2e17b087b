import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog, scrollTo } from './console-log.js'
import { openBySigningIn, openSignedIn } from './sign-in.js'

const test = suite('journeys: the address of the console')

// found 2026-11-27: it still named the time that somebody had jumped to, so that a reload went back to it, and so did
// whoever changed the filter.
test('who has come back to now from a time has no time in the address, and stays where they read', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const began = Date.now() - 3_600_000
  await log.writeMany(70, (i) => ({ reason: `n${i}`, at: new Date(began + i * 1_000) }))
  const page = await chromium.openPage()
  await openBySigningIn(page, `${system.console}?user=grace`, 'admin')
  await newest(page, 'n69')

  const at = new Date(began + 60_500).toISOString()
  await page.evaluate(`history.pushState(null, '', '/console?user=grace&at=${at}')`)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.evaluate(`dispatchEvent(new PopStateEvent('popstate'))`)
  await page.waitForURL(`${system.console}?user=grace`)
  await page.waitForSelector('#log-state:text-is("Live")')
  await page.waitForSelector('.chip:has-text("at")', { state: 'detached' })

  // What came after that time is above it, and where one reads has not moved.
  const reading = page.locator('.log-row:has(.log-why:text-is("n60"))')
  await eventually(
    async () => {
      const [row, list] = [await reading.boundingBox(), await page.locator('#log-list').boundingBox()]
      return row && list && row.y > list.y && row.y < list.y + 2 * row.height
    },
    { within: 30_000 },
  )
  await log.write('since then')
  await page.waitForSelector('#log-news:has-text("1 new event")')
  await scrollTo(page, 0)
  await newest(page, 'since then')
  assert.is(asked.filter((url) => url.includes('&to=')).length > 0, true, 'it was asked for a time')

  await page.reload()
  await newest(page, 'since then')
  await page.selectOption('#log-type', 'session.expired')
  await newest(page, 'since then')
  await page.waitForSelector('#log-state:text-is("Live")')
})

test('the log comes back to now, and its address with it, also while another area is shown', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('long ago', 'session.expired', {}, new Date(Date.now() - 86_400_000))
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')

  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route(isNewer, async (route) => {
    await held
    await route.continue()
  })
  await page.goto(`${system.console}?at=${new Date(Date.now() - 80_000_000).toISOString()}`)
  await page.waitForSelector('.log-row:has-text("long ago")')
  await page.click('#users-tab')
  await page.waitForSelector('#users-list')
  await page.waitForSelector('#log-tab[href*="at="]')
  letGo()
  await page.waitForSelector('#log-tab[href="/console"]')
  assert.is(new URL(page.url()).pathname, '/console/users')
  await page.click('#log-tab')
  await page.waitForSelector('#log-state:text-is("Live")')
  await lines(page).filter({ hasText: 'Ada Admin signed in' }).first().waitFor()
})

test.run()

const isNewer = (url: URL) => url.pathname === '/events' && url.searchParams.has('from')
