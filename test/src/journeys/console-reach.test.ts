import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, resize, screenshot } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { BY_GRACE, lines, newest, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the console by keyboard and on a phone')

/** What the browser's console of somebody who is signed off says. */
const REFUSED = /status of 401/

test('by the keyboard alone: search, move, open, close, pause, and what each key does', async () => {
  await using system = await startConsoleSystem()
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
  // What was typed in the middle may have been looked for, and found the same.
  await eventually(() => new URL(page.url()).searchParams.get('text') === 'expired n')
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
  await page.waitForSelector('dialog.shortcuts', { state: 'detached' })
  for (const [key, area] of [
    ['2', '#users-area'],
    ['3', '#instances-area'],
    ['1', '#log-area'],
  ] as const) {
    await page.keyboard.press(key)
    await page.waitForSelector(area)
  }
})

// found 2026-11-27: it was lost where what had it went away.
test('the focus stays where the keyboard is needed next, and goes back to where it came from', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  await using log = await openLog(system.redisUrl)
  await openElsewhere(chromium, new URL('/account', system.url).href, 'viewer')
  const page = await chromium.openPage()
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  await log.write('a request', 'project.renamed', BY_GRACE)
  await newest(page, 'a request')

  // What is open beside the list, and back to the list.
  await press('j', 'ArrowDown', 'Enter')
  await tabTo(page, '#event-follow')
  await press('Enter')
  await page.waitForSelector('#panel:focus-within .steps')
  await tabTo(page, '.step')
  await press('Enter')
  await page.waitForSelector('#panel:focus-within .event-facts')
  await tabTo(page, '#panel button:text-is("Older")')
  await press('Enter')
  await page.waitForSelector('#panel:focus-within:not(:has-text("c-0123456789")) .event-facts')
  await press('Escape')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')

  // What floats over the page, and what narrows it.
  await press('?', 'Escape')
  await page.waitForSelector('dialog', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')
  await press('f')
  await tabTo(page, '#log-filters [name=reason]')
  await page.keyboard.type('a request')
  await press('Enter')
  await page.waitForSelector('.chip:has-text("a request")')
  await page.waitForSelector('#log-list:focus')
  await tabTo(page, '#log-jump-open', 'Shift+Tab')
  await press('Enter', 'Escape')
  await page.waitForSelector('#log-jump-open:focus')
  await tabTo(page, '.chip button')
  await press('Enter')
  await page.waitForSelector('.chip', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')
  await press('t')
  await tabTo(page, '#log-jump button')
  await press('Enter')
  await page.waitForSelector('#log-state:text-is("Live")')
  await page.waitForSelector('#log-list:focus')

  // One user, and what is done to them.
  await press('2', '/')
  await page.keyboard.type('vito')
  await page.waitForSelector('#users-list li:only-child')
  await press('ArrowDown', 'Enter')
  await tabTo(page, '.sessions button')
  await press('Enter')
  await page.waitForSelector('dialog[open]')
  await press('Escape')
  // The browser gives the focus back before it says that the dialog is closed.
  await page.waitForSelector('dialog', { state: 'detached' })
  await page.waitForSelector('.sessions button:focus')
  await press('Enter')
  await page.waitForSelector('dialog[open] button:focus')
  await press('Enter')
  await page.waitForSelector('.receipt button:focus')
  await page.waitForSelector('.user-view:has-text("is not signed in anywhere")')
  await press('Enter')
  await page.waitForSelector('#user-view:focus')
  await tabTo(page, '.user-view button:text-is("Block")')
  await press('Enter')
  await page.waitForSelector('#question-reason:focus')
  await press('Enter')
  await page.waitForSelector('.receipt button:focus')
  await press('Enter')
  await page.waitForSelector('.user-view button:text-is("Unblock"):focus')

  await press('3')
  await page.waitForSelector('#instances-list')
  await press('4')
  await page.waitForSelector('main:focus .picture, main:focus-within .picture')
  await press('1')
  await page.waitForSelector('main:focus-within #log-area')
})

test('whoever closes what is open is back at its line, by the keyboard and on a phone', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('to be read')
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await lines(page).filter({ hasText: 'to be read' }).click()
  await page.focus('#panel button[aria-label=Close]')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')
  await page.keyboard.press('Enter')
  await page.focus('#event-json')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')

  await resize(page, 390, 844)
  await page.keyboard.press('Enter')
  await page.click('dialog#panel[open] button[aria-label=Close]')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.waitForSelector('#log-list:focus')

  await resize(page, 1280, 720)
  await page.click('[aria-label="Keyboard shortcuts"]')
  await page.uncheck('#shortcuts-on')
  await page.click('dialog.shortcuts button')
  await page.focus('#log-pause')
  await page.keyboard.press('p')
  await page.keyboard.press('2')
  await page.waitForSelector('#log-pause:text-is("Pause")')
})

test('on a phone nothing is wider than the screen, and one event is a sheet over the log', async () => {
  await using system = await startConsoleSystem()
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
  await page.waitForSelector('#user-view:focus')
  assert.is(await width(), 390)
  await page.click('.back-link')
  await page.waitForSelector('.user-link:focus')
})

test.run()

/** By the keyboard, as somebody who does not see where it goes. */
async function tabTo(page: Page, selector: string, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key)
    if (
      await page
        .locator(selector)
        .first()
        .evaluate((wanted) => wanted.matches(':focus'))
    )
      return
  }
  assert.unreachable(`${selector} is not reached`)
}
