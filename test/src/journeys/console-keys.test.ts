import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: what keys do in the log of the console')

/** More than the console loads at once here. */
const MANY = 120
const AT_ONCE = '100'

// found 2026-11-27: it was below the lower edge of the list.
test('the line that the keyboard has come to is in sight, whichever way it went', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.writeMany(60, (i) => ({ reason: `n${i}`, at: new Date() }))
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}?user=grace`, 'admin')
  await newest(page, 'n59')
  await page.focus('#log-list')

  for (let i = 1; i <= 22; i++) {
    await page.keyboard.press('ArrowDown')
    await untilInSight(page, '.active', `n${60 - i}`)
  }
  for (let i = 21; i >= 1; i--) {
    await page.keyboard.press('ArrowUp')
    await untilInSight(page, '.active', `n${60 - i}`)
  }
  await page.keyboard.press('End')
  await untilInSight(page, '.active', 'n0')
  await page.keyboard.press('Home')
  await untilInSight(page, '.active', 'n59')
})

// found 2026-11-27: it went out of sight, and at the end of what was loaded it went no further.
test('who goes on from one event to the next sees it in the list, and comes to what has yet to be loaded', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.writeMany(MANY, (i) => ({ reason: `n${i}`, at: new Date() }))
  const page = await chromium.openPage()
  await page.route(isLog, (route) => {
    const url = new URL(route.request().url())
    url.searchParams.set('limit', AT_ONCE)
    return route.continue({ url: url.href })
  })
  await openSignedIn(page, `${system.console}?user=grace`, 'admin')
  await newest(page, `n${MANY - 1}`)

  await page.click(`.log-row:has-text("n${MANY - 1}")`)
  await page.focus('#panel button:text-is("Older")')
  for (let number = MANY - 2; number >= 0; number--) {
    await page.waitForSelector('#panel button:text-is("Older")[aria-disabled=false]')
    await page.keyboard.press('Enter')
    await page.waitForSelector(`#panel .event-sentence:has-text("n${number}")`)
  }
  await untilInSight(page, '[aria-selected=true]', 'n0')

  // What is open above is closed first. found 2026-11-27: what is below it was, and it stayed.
  await page.click('#log-export-open')
  await page.waitForSelector('#log-export:popover-open')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#log-export:not(:popover-open)', { state: 'attached' })
  await page.focus('#panel button:text-is("Older")')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#log-list:focus')
  await untilInSight(page, '.active', 'n0')
})

test.run()

/** Below the head of the list, and above its lower edge. */
async function untilInSight(page: Page, row: string, reason: string): Promise<void> {
  const line = page.locator(`.log-row${row}:has(.log-why:text-is("${reason}"))`)
  await eventually(
    async () => {
      const [at, head, list] = await Promise.all(
        [line, page.locator('.log-head'), page.locator('#log-list')].map((one) => one.boundingBox()),
      )
      if (!at || !head || !list) return false
      return at.y >= head.y + head.height - 1 && at.y + at.height <= list.y + list.height + 1
    },
    { within: 60_000 },
  )
}

const isLog = (url: URL) => url.pathname === '/events'
