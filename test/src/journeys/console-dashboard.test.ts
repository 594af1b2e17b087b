import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the dashboard of the console')

const HOUR_MS = 3_600_000

test('pictures of an hour, a day, a week and a month, each with its numbers in words and as a table', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const ago = (ms: number) => new Date(Date.now() - ms)
  for (let i = 0; i < 12; i++) await log.write('', 'session.created', {}, ago(i * HOUR_MS + 60_000))
  for (const reason of ['logged-out', 'logged-out', 'admin']) await log.write(reason, 'session.revoked')
  await log.write('access-denied', 'login.failed', {}, ago(5 * HOUR_MS))
  for (const tookMs of [4, 4, 4]) await log.write('idle', 'sign-off.confirmed', { tookMs })
  for (const tookMs of [400, 500]) await log.write('idle', 'sign-off.confirmed', { tookMs }, ago(5 * HOUR_MS))
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/dashboard`, 'admin')
  const legend = (id: string) => page.locator(`.picture-${id} .legend`)
  const says = (id: string, text: string) =>
    eventually(async () => ((await legend(id).textContent()) ?? '').includes(text))

  await says('logins', 'logins 13')
  await says('sign-offs', 'logged-out 2')
  await says('sign-offs', 'admin 1')
  await says('failures', 'login.failed 1')
  // found 2026-11-26: the mean of the medians, which nobody waited for.
  await eventually(async () =>
    /p50 (3\.9|4|4\.1) ms/.test((await legend('confirmation').textContent()) ?? ''),
  )
  await page.waitForSelector('.picture-logins canvas')
  await screenshot(page, 'console-dashboard')

  await page.click('.picture-sign-offs summary')
  const table = page.locator('.picture-sign-offs table')
  // It is made once its details are open, of which a browser tells a moment later.
  await table.waitFor()
  assert.equal(await table.locator('thead th').allTextContents(), ['From', 'logged-out', 'admin'])
  assert.match((await table.locator('tbody tr').last().textContent()) ?? '', /21$/)

  await page.click('.spans button:text-is("Hour")')
  await page.waitForSelector('.picture-failures .picture-nothing')
  await says('logins', 'logins 2')
  assert.is(new URL(page.url()).search, '?over=hour')
  for (const span of ['Week', 'Month']) {
    await page.click(`.spans button:text-is("${span}")`)
    await says('logins', 'logins 13')
  }

  await page.setViewportSize({ width: 390, height: 844 })
  await page.waitForSelector('.picture-logins canvas')
  assert.is(await page.locator('html').evaluate((html) => html.scrollWidth), 390)
  await screenshot(page, 'console-phone-dashboard')
})

test.run()
