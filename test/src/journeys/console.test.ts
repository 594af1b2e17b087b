import { createEvent, type EventType, keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console')

/** What a browser's console says of requests that are refused on purpose here. */
const REFUSED = /status of (401|403|503)/

/** Something to watch, without anybody doing it. */
async function openLog(redisUrl: string) {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const { log } = keysOf('curfew')
  return {
    write: async (reason: string, type: EventType = 'session.expired') => {
      const event = createEvent('identity', type, 'grace', { actor: 'system', subjectName: 'Grace', reason })
      await redis.xadd(log, '*', 'event', JSON.stringify(event))
    },
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  }
}

const lines = (page: Page) => page.locator('#log-list > li')
const newest = (page: Page, text: string) =>
  page.waitForSelector(`#log-list > li:first-child:has-text("${text}")`)

test('the log flows in by itself, holds still for who reads, pauses, filters, and loads what is older', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  for (let i = 0; i < 120; i++) await log.write(`early ${i}`)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  await newest(page, 'Ada Admin signed in')
  assert.is(await lines(page).count(), 50)

  await log.write('a live one')
  await newest(page, 'a live one')
  await page.click('#log-older')
  await page.waitForSelector('#log-list > li:nth-child(101)')

  await lines(page).nth(60).scrollIntoViewIfNeeded()
  const before = await lines(page).nth(60).boundingBox()
  await log.write('while scrolled')
  await page.waitForSelector('#log-news:text-is("1 new event")')
  assert.equal(await lines(page).nth(60).boundingBox(), before)
  await page.click('#log-news')
  await newest(page, 'while scrolled')

  await lines(page).nth(1).locator('summary').click()
  await log.write('while reading')
  await page.waitForSelector('#log-news:text-is("1 new event")')
  await screenshot(page, 'console-log')
  await lines(page).nth(1).locator('summary').click()
  await newest(page, 'while reading')

  await page.click('#log-pause')
  await log.write('while paused')
  await page.waitForSelector('#log-news:text-is("1 new event")')
  await page.click('#log-pause')
  await newest(page, 'while paused')

  await page.fill('#log-text', 'lost laptop')
  await page.waitForSelector('#log-note:text-is("Nothing here fits.")')
  await log.write('another one')
  await log.write('Lost his laptop', 'user.blocked')
  await newest(page, 'Lost his laptop')
  assert.is(await lines(page).count(), 1)
  await page.fill('#log-text', '')
  await page.selectOption('#log-type', 'session.*')
  await newest(page, 'another one')
})

test('ten tabs watch over one stream, and a burst leaves no hole in any order', async () => {
  await using system = await startTestSystem()
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
  for (const tab of others) await tab.waitForSelector('#log-list > li')

  await log.write('for all tabs')
  for (const tab of [first, ...others]) await newest(tab, 'for all tabs')
  const [last, ...rest] = others.toReversed()
  assert.ok(last)
  for (const tab of [first, ...rest]) await tab.close()

  for (let i = 0; i < 700; i++) await log.write(`n${i}`)
  await newest(last, 'n699')
  const reasons = await last.locator('#log-list .event-why').allTextContents()
  const numbers = reasons.filter((reason) => /^n\d+$/.test(reason)).map((reason) => Number(reason.slice(1)))
  assert.equal(
    numbers,
    numbers.map((_, i) => 699 - i),
  )
})

test('an admin ends a session and blocks somebody, sees who has applied it, and the log goes on over restarts', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const admin = await chromium.openPage()
  await openSignedIn(admin, system.console, 'admin')
  const [laptop, phone] = [
    await (await chromium.openProfile()).newPage(),
    await (await chromium.openProfile()).newPage(),
  ]
  for (const page of [laptop, phone])
    await openSignedIn(page, new URL('/projects', system.url).href, 'viewer')
  await newest(admin, 'Vito Viewer signed in')

  await admin.click('#users-tab')
  await admin.fill('#users-query', 'vit')
  await admin.click('.users a:has-text("Vito Viewer")')
  await admin.waitForSelector('h3:text-is("2 sessions")')
  await screenshot(admin, 'console-user')
  await admin.locator('.sessions button').first().click()
  await admin.waitForSelector('dialog p:has-text("Vito Viewer will be signed off in")')
  await admin.click('dialog button:text-is("End the session")')
  await admin.waitForSelector('.receipt .badge:text-is("Confirmed")')
  await admin.waitForSelector('.receipt h2:text-is("That session is over")')
  await screenshot(admin, 'console-receipt')
  assert.is(await admin.locator('.receipt-instances li').count(), 4)
  await admin.click('.receipt button')
  await admin.waitForSelector('h3:text-is("1 session")')
  const notice = '.session-notice'
  await eventually(
    async () => (await laptop.locator(notice).count()) + (await phone.locator(notice).count()) === 1,
  )

  await admin.click('.user-view button:text-is("Block")')
  await admin.fill('#question-reason', 'Lost his laptop')
  await admin.click('dialog button:text-is("Block")')
  await admin.waitForSelector('.receipt h2:text-is("Gone everywhere")')
  await admin.click('.receipt button')
  await admin.waitForSelector('.user-view .notice:has-text("Lost his laptop")')
  for (const page of [laptop, phone]) await page.waitForSelector(notice)
  await admin.click('.user-view button:text-is("Unblock")')
  await admin.click('dialog button:text-is("Unblock")')
  await admin.waitForSelector('.user-view button:text-is("Block")')

  await system.restart('events')
  await system.restart('redis')
  await admin.click('#log-tab')
  await (await chromium.openProfile())
    .newPage()
    .then((page) => openSignedIn(page, new URL('/projects', system.url).href, 'editor'))
  await newest(admin, 'Edda Editor signed in')
  await admin.waitForSelector('#log-state:text-is("Live")')
  for (const told of ['blocked Vito Viewer', 'unblocked Vito Viewer', 'ended a session of Vito Viewer']) {
    assert.ok(
      (await lines(admin)
        .filter({ hasText: `Ada Admin ${told}` })
        .count()) === 1,
      told,
    )
  }
})

test('who is no admin gets a page that says so', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const editor = await chromium.openPage()
  await openSignedIn(editor, system.console, 'editor')

  await editor.waitForSelector('main:has-text("role admin")')
})

test.run()
