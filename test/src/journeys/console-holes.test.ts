import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog } from './console-log.js'
import { openUnheard } from './open-unheard.js'

const test = suite('journeys: no hole in the log of the console')

/** What a browser's console says of requests that fail on purpose here. */
const FAILED = /net::ERR_FAILED/

/** More than the console loads at once. */
const MANY = 250

// found 2026-11-27: what was heard since the stream opened was taken for a sign that nothing was missing.
test('what came before the stream opened is there, although something is heard before it is asked for', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, MANY, async (route, hear) => {
    await hear()
    await route.continue()
  })

  await newest(page, 'heard')
  await page.waitForSelector(`.log-row[aria-rowindex="3"]:has-text("n${MANY - 1}")`)
})

// found 2026-11-27: it stood above what had been heard.
test('what came before the stream opened stands below what is heard, although it is loaded after it', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, 3, async (route, hear) => {
    await hear()
    await route.continue()
  })

  await page.waitForSelector('.log-row[aria-rowindex="6"]:has-text("before")')
  assert.equal(await lines(page).locator('.log-why').allTextContents(), ['heard', 'n2', 'n1', 'n0', 'before'])
})

test('what came before the stream opened is asked for again by itself, when it could not be loaded', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, MANY, async (route, hear) => {
    await hear()
    await route.abort()
  })

  await newest(page, 'heard')
  await page.waitForSelector(`.log-row[aria-rowindex="3"]:has-text("n${MANY - 1}")`)
  await page.waitForSelector('#log-trouble', { state: 'detached' })
})

// found 2026-11-27: it was asked for again only once something else had happened.
test('what could not be loaded is asked for again, also when nothing is heard', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, 3, (route) => route.abort())

  await newest(page, 'n2')
  await page.waitForSelector('#log-trouble', { state: 'detached' })
})

test.run()
