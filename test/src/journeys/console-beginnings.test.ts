import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { BY_GRACE, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: where one begins in the console')

// found 2026-11-27: it was not seen until something else happened.
test('what happens before the console hears of anything is seen, of users and of a request that is followed', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await log.write('first step', 'project.created', BY_GRACE)
  await openSignedIn(page, new URL('/account', system.url).href, 'admin')

  for (const [path, before, happens, kept, after] of [
    [
      '/users',
      '#users-list:not(:has-text("Vito Viewer"))',
      () => openElsewhere(chromium, new URL('/account', system.url).href, 'viewer'),
      'type=session.created',
      '#users-list li:has-text("Vito Viewer")',
    ],
    [
      `?follow=${BY_GRACE.correlationId}`,
      '.steps li:only-child',
      () => log.write('second step', 'project.renamed', BY_GRACE),
      `correlation_id=${BY_GRACE.correlationId}`,
      '.steps li:nth-child(2)',
    ],
  ] as const) {
    let open = (): void => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    await page.route(isStream, async (route) => {
      await opened
      await route.continue()
    })
    await page.goto(system.console + path)
    await page.waitForSelector(before)
    await happens()
    await eventually(async () => (await countOf(page, system.url, kept)) === 2, { within: 30_000 })
    open()
    await page.waitForSelector(after)
    await page.unroute(isStream)
  }
})

// found 2026-11-27: what another area has in its address was taken for a filter of the log.
test('what an area has in its address stays with it, and who is there already goes nowhere', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/dashboard?over=week`, 'admin')
  await page.waitForSelector('.spans [aria-pressed=true]:text-is("Week")')
  assert.is(await page.locator('#log-tab').getAttribute('href'), '/console')

  await page.click('#instances-tab')
  await page.waitForSelector('#instances-list')
  await page.click('#instances-tab')
  await page.keyboard.press('3')
  await page.goBack()
  await page.waitForSelector('.spans [aria-pressed=true]:text-is("Week")')
})

test.run()

/** How many the log has by now. */
async function countOf(page: Page, origin: string, query: string): Promise<number> {
  const answer = await page.request.get(new URL(`/events?${query}`, origin).href)
  return (await answer.json()).events.length
}

const isStream = (url: URL) => url.pathname === '/events/stream'
