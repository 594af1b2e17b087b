import { eventually } from '@curfew/testing'
import type { Page, Route } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog, scrollTo, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console, for who reads it for hours')

/** So many lines the console keeps at most, and so many it loads at once. */
const [MOST, PAGE] = [20_000, 200]
const [EVENTS, LIVE] = [MOST + 500, PAGE + 50]
const ROW_PX = 34

// found 2026-11-27: the list grew without end, and what was on its way when it was cut off joined below a hole.
test('who scrolls on for hours has a page that does not grow, misses no event, and goes on from there', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const began = Date.now() - EVENTS * 1_000
  await log.writeMany(EVENTS, (i) => ({ reason: `n${i}`, at: new Date(began + i * 1_000) }))
  const page = await chromium.openPage()
  await openSignedIn(page, new URL('/account', system.url).href, 'admin')
  await untilKept(page, system.url, `n${EVENTS - 1}`)
  await page.goto(`${system.console}?user=grace`)
  await newest(page, `n${EVENTS - 1}`)

  // The last page that fits is on its way when so much flows in on top that the list is cut off.
  const held: Route[] = []
  let asked = 0
  await page.route(isOlder, (route) => (++asked < MOST / PAGE - 1 ? route.continue() : held.push(route)))
  await page.focus('#log-list')
  await eventually(
    async () => {
      await page.keyboard.press('End')
      return held.length > 0
    },
    { within: 180_000 },
  )
  await page.keyboard.press('Home')
  await newest(page, `n${EVENTS - 1}`)
  await log.writeMany(LIVE, (i) => ({ reason: `live ${i}`, at: new Date() }))
  await newest(page, `live ${LIVE - 1}`)
  await held[0]?.continue()
  await page.unroute(isOlder)
  await page.waitForSelector('#log-end', { state: 'attached' })
  const count = await countToEnd(page)
  const number = await numberIn(page, count)
  assert.is(count, LIVE + EVENTS - number, 'there is a line for each event from the newest to the last one')

  await page.waitForSelector('#log-end:has-text("No more are kept on one page.")')
  await screenshot(page, 'console-long')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#log-state:text-is("Past")')
  await page.waitForSelector('#log-list:focus')
  await page.waitForSelector(`.log-row:has-text("n${number - 1}")`)
  // Just above what is in sight.
  await page.waitForSelector(`.log-row:has-text("n${number + 1}")`, { state: 'attached' })
  await eventually(async () => {
    await page.keyboard.press('End')
    return (await page.locator('.log-row:has-text("n0")').count()) === 1
  })

  // Up again, as far as one page goes; and from there until now.
  const goOn = '#log-news:has-text("Go on to what is newer")'
  await eventually(
    async () => {
      await scrollTo(page, 0)
      return (await page.locator(goOn).count()) > 0
    },
    { within: 180_000 },
  )
  await page.click(goOn)
  await eventually(async () => {
    await scrollTo(page, 0)
    return (await page.textContent('#log-state')) === 'Live'
  })
  // What comes above what is in sight moves nothing: it is scrolled to.
  await eventually(async () => {
    await scrollTo(page, 0)
    return (await page.locator(`.log-row[aria-rowindex="2"]:has-text("live ${LIVE - 1}")`).count()) === 1
  })
})

test.run()

const isOlder = (url: URL) => url.pathname === '/events' && url.searchParams.has('before')

/** How many lines there are, of which the last is gone to. */
async function countToEnd(page: Page): Promise<number> {
  await page.keyboard.press('End')
  return (await page.locator('.log-rows').evaluate((rows) => rows.clientHeight)) / ROW_PX
}

/** The number of the event in the last of so many lines, which is in sight. */
async function numberIn(page: Page, line: number): Promise<number> {
  const why = page.locator(`.log-row[aria-rowindex="${line + 1}"] .log-why`)
  return Number((await why.textContent())?.slice(1))
}
