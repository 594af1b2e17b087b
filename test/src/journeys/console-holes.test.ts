import { eventually } from '@curfew/testing'
import type { Page, Route } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { lines, newest, openLog, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: no hole in the log of the console')

/** What a browser's console says of requests that fail on purpose here. */
const FAILED = /net::ERR_FAILED/

/** More than the console loads at once. */
const MANY = 250

// found 2026-11-27: what was heard since the stream opened was taken for a sign that nothing was missing.
test('what came before the stream opened is there, although something is heard before it is asked for', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, MANY, (route) => route.continue())

  await newest(page, 'heard')
  await page.waitForSelector(`.log-row[aria-rowindex="3"]:has-text("n${MANY - 1}")`)
})

// found 2026-11-27: it stood above what had been heard.
test('what came before the stream opened stands below what is heard, although it is loaded after it', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, 3, (route) => route.continue())

  await page.waitForSelector('.log-row[aria-rowindex="6"]:has-text("before")')
  assert.equal(await lines(page).locator('.log-why').allTextContents(), ['heard', 'n2', 'n1', 'n0', 'before'])
})

test('what came before the stream opened is asked for again by itself, when it could not be loaded', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [FAILED] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, MANY, (route) => route.abort())

  await newest(page, 'heard')
  await page.waitForSelector(`.log-row[aria-rowindex="3"]:has-text("n${MANY - 1}")`)
  await page.waitForSelector('#log-trouble', { state: 'detached' })
})

test.run()

/**
 * Opens a log whose stream opens only after `missed` events.
 *
 * @param answer to the question for them: something that is newer has been heard by then
 */
async function openUnheard(
  page: Page,
  address: string,
  log: Awaited<ReturnType<typeof openLog>>,
  missed: number,
  answer: (route: Route) => Promise<void>,
): Promise<void> {
  await log.write('before')
  await openSignedIn(page, new URL('/projects', address).href, 'admin')
  const opening: Route[] = []
  await page.route(isStream, (route) => opening.push(route))
  await page.goto(`${address}?user=grace`)
  await newest(page, 'before')
  const stream = await eventually(() => opening[0])
  await log.writeMany(missed, (i) => ({ reason: `n${i}`, at: new Date() }))
  // It shares the stream: what it hears the first page has heard.
  const other = await page.context().newPage()
  await untilKept(page, address, `n${missed - 1}`)
  await other.goto(`${address}?user=grace`)
  await newest(other, `n${missed - 1}`)

  const catchUp = async (route: Route) => {
    await log.write('heard')
    await newest(other, 'heard')
    await answer(route)
  }
  await page.route(isNewest, catchUp, { times: 1 })
  await stream.continue()
}

const isStream = (url: URL) => url.pathname === '/events/stream'
const isNewest = (url: URL) => url.pathname === '/events' && !url.searchParams.has('before')
