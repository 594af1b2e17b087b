import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { lines, newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console by keyboard and on a phone')

test('by the keyboard alone: search, move, open, close, pause, and what each key does', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  for (let i = 0; i < 30; i++) await log.write(`n${i}`)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')
  const activeText = async () => {
    const id = await page.locator('#log-list').getAttribute('aria-activedescendant')
    return id && (await page.locator(`[id="${id}"] .log-why`).textContent())
  }

  await page.keyboard.press('/')
  await page.keyboard.type('expired n')
  await newest(page, 'n29')
  await page.keyboard.press('ArrowDown')
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key)
  await eventually(async () => (await activeText()) === 'n28')
  await page.keyboard.press('End')
  await eventually(async () => (await activeText()) === 'n0')
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#panel:has-text("n29")')
  await page.keyboard.press('ArrowDown')
  await page.waitForSelector('#panel:has-text("n28")')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.keyboard.press('p')
  await page.waitForSelector('#log-state:text-is("Paused")')
  await page.keyboard.press('?')
  await page.waitForSelector('dialog.shortcuts[open]')
  await page.keyboard.press('Escape')
  for (const [key, area] of [
    ['2', '#users-area'],
    ['3', '#instances-area'],
    ['1', '#log-area'],
  ] as const) {
    await page.keyboard.press(key)
    await page.waitForSelector(area)
  }
})

test('on a phone nothing is wider than the screen, and one event is a sheet over the log', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  const page = await chromium.openPage()
  await page.setViewportSize({ width: 390, height: 844 })
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')
  const width = () => page.locator('html').evaluate((html) => html.scrollWidth)

  assert.is(await width(), 390)
  await screenshot(page, 'console-phone-log')
  await lines(page).first().click()
  await page.waitForSelector('dialog.sheet .event-facts')
  await screenshot(page, 'console-phone-event')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#panel', { state: 'detached' })
  for (const area of ['users', 'instances']) {
    await page.click(`#${area}-tab`)
    await page.waitForSelector(`#${area}-list`)
    assert.is(await width(), 390, area)
    await screenshot(page, `console-phone-${area}`)
  }
  await page.click('#users-tab')
  await page.click('.users a')
  await page.waitForSelector('.user-view .sessions')
  assert.is(await width(), 390)
})

test.run()
