import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog, reasonsOnPage, scrollTo } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console')

test('the log flows in by itself, holds still for who reads, pauses, filters, and loads what is older', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  for (let i = 0; i < 420; i++) await log.write(`early ${i}`)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  await newest(page, 'Ada Admin signed in')

  await log.write('a live one')
  await newest(page, 'a live one')

  // What is older is loaded before one comes to the end.
  await page.focus('#log-list')
  await eventually(async () => {
    await page.keyboard.press('End')
    return (await page.locator('.log-row:has-text("early 0")').count()) > 0
  })
  await page.waitForSelector('#log-list :text-is("The log begins here.")')
  const rows = Number(await page.locator('#log-list').getAttribute('aria-rowcount'))
  assert.ok(rows >= 423, `the ones above, two more, and the head: ${rows}`)

  await scrollTo(page, 4_000)
  const reading = page.locator('.log-row[aria-rowindex="122"]')
  await reading.waitFor()
  const [text, before] = [await reading.textContent(), await reading.boundingBox()]
  await log.write('while scrolled')
  await page.waitForSelector('#log-news:has-text("1 new event")')
  assert.equal([await reading.textContent(), await reading.boundingBox()], [text, before])
  await page.click('#log-news')
  await newest(page, 'while scrolled')

  await lines(page).nth(1).click()
  await page.waitForSelector('#panel .event-facts')
  await log.write('while reading')
  await page.waitForSelector('#log-news:has-text("1 new event")')
  await screenshot(page, 'console-event')
  await page.keyboard.press('Escape')
  await newest(page, 'while reading')
  await screenshot(page, 'console-log')

  await page.click('#log-pause')
  for (let i = 0; i < 3; i++) await log.write(`while paused ${i}`)
  await page.waitForSelector('#log-waiting:text-is("3")')
  await newest(page, 'while reading')
  await page.click('#log-pause')
  await newest(page, 'while paused 2')

  await page.fill('#log-text', 'lost laptop')
  await page.waitForSelector('#log-note:has-text("Nothing here fits.")')
  await log.write('another one')
  await log.write('Lost his laptop', 'user.blocked')
  await newest(page, 'Lost his laptop')
  assert.is(await lines(page).count(), 1)
  await page.fill('#log-text', '')
  await page.selectOption('#log-type', 'session.*')
  await newest(page, 'another one')
})

test('ten tabs watch over one stream, and a burst leaves no hole in any order', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const first = await chromium.openPage()
  await openSignedIn(first, system.console, 'admin')
  const others: Page[] = []
  for (let i = 0; i < 9; i++) {
    const tab = await first.context().newPage()
    await tab.goto(system.console)
    others.push(tab)
  }
  for (const tab of others) await lines(tab).first().waitFor()

  await log.write('for all tabs')
  for (const tab of [first, ...others]) await newest(tab, 'for all tabs')
  const [last, ...rest] = others.toReversed()
  assert.ok(last)
  for (const tab of [first, ...rest]) await tab.close()

  for (let i = 0; i < 700; i++) await log.write(`n${i}`)
  await newest(last, 'n699')
  const numbers = (await reasonsOnPage(last, /^n\d+$/)).map((reason) => Number(reason.slice(1)))
  assert.equal(
    numbers,
    Array.from({ length: 700 }, (_, i) => 699 - i),
  )
})

test.run()
