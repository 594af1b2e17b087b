import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console at another time, and back')

// found 2026-11-27: it asked again and again, a hundred times a second
test('a jump to a time, for what has never happened, comes to rest, and what happens then is shown', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))

  await page.goto(`${system.console}?reason=never&at=${new Date(Date.now() - 3_600_000).toISOString()}`)
  await page.waitForSelector('#log-note:has-text("Nothing here fits.")')
  await page.waitForSelector('#log-state:text-is("Live")')
  await log.write('never')
  await page.waitForSelector('.log-row:has-text("never")')

  const pages = asked.filter((path) => path === '/events').length
  assert.ok(pages < 20, `${pages} pages were asked for`)
})

// found 2026-11-26: until the answer came, the log still counted as past, and dropped what it heard.
test('what happens while the log goes back to live is shown', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('long ago', 'session.expired', {}, new Date(Date.now() - 86_400_000))
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  const other = await page.context().newPage()
  await other.goto(system.console)
  await other.waitForSelector('#log-state:text-is("Live")')

  await page.route(isNow, async (route) => {
    const response = await route.fetch()
    await log.write('meanwhile')
    await newest(other, 'meanwhile')
    await route.fulfill({ response })
  })
  await page.goto(`${system.console}?at=${new Date(Date.now() - 80_000_000).toISOString()}`)
  await page.waitForSelector('.log-row:has-text("long ago")')
  await page.click('.chip:has-text("at") button')
  await newest(page, 'meanwhile')
})

const isNow = (url: URL) => url.pathname === '/events' && url.search === '?limit=200'

test.run()
