import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, resize, screenshot } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { openLog, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the dashboard of the console')

const HOUR_MS = 3_600_000

test('pictures of an hour, a day, a week and a month, each with its numbers in words and as a table', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, new URL('/account', system.url).href, 'admin')
  // What belongs into one step is of one time, or the end of a step may come between.
  const now = new Date()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  for (let i = 0; i < 12; i++) await log.write('', 'session.created', {}, ago(i * HOUR_MS + 60_000))
  for (const reason of ['logged-out', 'logged-out', 'admin'])
    await log.write(reason, 'session.revoked', {}, now)
  await log.write('access-denied', 'login.failed', {}, ago(5 * HOUR_MS))
  for (const tookMs of [4, 4, 4]) await log.write('idle', 'sign-off.confirmed', { tookMs })
  for (const tookMs of [400, 500]) await log.write('idle', 'sign-off.confirmed', { tookMs }, ago(5 * HOUR_MS))
  await log.write('all of it', 'project.renamed')
  await untilKept(page, system.url, 'all of it')
  await page.goto(`${system.console}/dashboard`)
  const legend = (id: string) => page.locator(`.picture-${id} .legend`)
  const says = (id: string, words: RegExp) =>
    eventually(async () => words.test((await legend(id).textContent()) ?? ''), { within: 30_000 })

  await says('logins', /^logins 13$/)
  await says('sign-offs', /^logged-out 2admin 1$/)
  await says('failures', /^login\.failed 1$/)
  // found 2026-11-26: the mean of the medians, which nobody waited for.
  await says('confirmation', /^p50 (3\.9|4|4\.1) ms/)
  await page.waitForSelector('.picture-logins canvas')
  await screenshot(page, 'console-dashboard')

  await page.click('.picture-sign-offs summary')
  const table = page.locator('.picture-sign-offs table')
  // It is made once its details are open, of which a browser tells a moment later.
  await table.waitFor()
  assert.equal(await table.locator('thead th').allTextContents(), ['From', 'logged-out', 'admin'])
  assert.match((await table.locator('tbody tr').last().textContent()) ?? '', /21$/)

  const show = async (span: string, step: string) => {
    await page.click(`.spans button:text-is("${span}")`)
    await page.waitForSelector(`.dashboard-bar p:has-text("Each step is ${step}.")`)
  }
  await show('Hour', '60 seconds')
  await page.waitForSelector('.picture-failures .picture-nothing')
  await says('logins', /^logins 2$/)
  assert.is(new URL(page.url()).search, '?over=hour')
  await show('Week', '60 minutes')
  await says('logins', /^logins 13$/)
  await show('Month', '6 hours')
  await says('logins', /^logins 13$/)

  await resize(page, 390, 844)
  await screenshot(page, 'console-phone-dashboard')
})

// found 2026-11-27: until the pictures were drawn again they were as wide as in the window before, and the page with them.
test('a window that becomes a phone’s has no page that is wider, not even before its pictures are drawn again', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('', 'session.created')
  const page = await chromium.openPage()
  await page.addInitScript('ResizeObserver.prototype.observe = () => {}')
  await page.setViewportSize({ width: 1200, height: 800 })
  await openSignedIn(page, `${system.console}/dashboard`, 'admin')
  await page.waitForSelector('.picture-logins canvas')
  await resize(page, 390, 844)
  assert.is(await page.locator('html').evaluate((html) => html.scrollWidth), 390)
})

test.run()
