import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog, scrollTo, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console, where much happens at once')

/** What a browser's console says of requests that fail on purpose here. */
const FAILED = /net::ERR_FAILED/

/** More than the console loads to find out how much there is. */
const CROWD = 10_300

// found 2026-11-27: of a second that had more than 10,000 events the oldest were left out.
test('who reads on from a time misses nothing of a single millisecond that has more than is loaded at once', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const at = new Date(Date.now() - 3_600_000)
  await log.writeMany(CROWD, (i) => ({ reason: `n${i}`, at }))
  const page = await chromium.openPage()
  await openSignedIn(page, new URL('/account', system.url).href, 'admin')
  await untilKept(page, system.url, `n${CROWD - 1}`)

  await page.goto(`${system.console}?user=grace&at=${new Date(at.getTime() - 5_000).toISOString()}`)
  await eventually(
    async () => {
      await scrollTo(page, 0)
      return (await page.textContent('#log-state')) === 'Live'
    },
    { within: 120_000 },
  )

  await page.focus('#log-list')
  await page.keyboard.press('End')
  await page.waitForSelector(`.log-row[aria-rowindex="${CROWD + 1}"]:has-text("n0")`)
})

// found 2026-11-27: each event that was heard asked for the page that had failed.
test('a page that can’t be loaded is not asked for with each event, and is once it can be', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await page.clock.install()
  await openSignedIn(page, system.console, 'admin')
  const other = await page.context().newPage()
  await other.goto(system.console)
  await other.waitForSelector('#log-state:text-is("Live")')
  let asked = 0
  await page.route(isNewest, (route) => {
    asked++
    return route.abort()
  })

  await page.goto(`${system.console}?user=grace`)
  await page.waitForSelector('#log-note[role=alert]')
  await page.waitForSelector('#log-state:text-is("Live")')
  for (let i = 0; i < 40; i++) {
    await log.write(`n${i}`)
    await newest(other, `n${i}`)
  }
  assert.ok(asked < 20, `${asked} pages were asked for`)

  await page.unroute(isNewest)
  await page.clock.runFor(30_000)
  await newest(page, 'n39')
})

test.run()

const isNewest = (url: URL) => url.pathname === '/events' && !url.searchParams.has('before')
