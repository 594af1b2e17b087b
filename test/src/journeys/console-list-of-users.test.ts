import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: a long list of users in the console')

// found 2026-11-27: with each one who signed in the list grew, until the page was slow.
test('users: a list that is left open is no longer after many have signed in, and who is missing comes next', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  let asked = 0
  await page.route(isUsers, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    return route.fulfill({ json: cursor === null ? pageOf(++asked) : pageOf(Number(cursor)) })
  })
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  await newest(page, 'Ada Admin signed in')
  await page.click('#users-tab')
  await page.waitForSelector('#users-list li:has-text("Page 1 ")')

  for (let number = 2; number <= 13; number++) {
    await log.write('somebody signs in')
    await page.waitForSelector(`#users-list li:first-child:has-text("Page ${number} ")`)
  }
  const shown = page.locator('#users-list li')
  assert.is(await shown.count(), 500)
  await page.click('#users-more')
  await page.waitForSelector('#users-list li:last-child:has-text("Page 3 ")')
  assert.is(await shown.count(), 550)
})

// found 2026-11-27: the focus was at the line, and the page at its top.
test('users: on a phone, whoever comes back from a user is at their line, however far down that is', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [/status of 404/] })
  const page = await chromium.openPage()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.route(isUsers, (route) => route.fulfill({ json: pageOf(1) }))
  await openSignedIn(page, `${system.console}/users`, 'admin')

  await page.click('.user-link:has-text("Page 1 40")')
  await page.waitForSelector('#user-view:focus')
  await page.click('.back-link')
  await page.waitForSelector('.user-link:focus:has-text("Page 1 40")')
  await eventually(
    async () => {
      const box = await page.locator('.user-link:focus').boundingBox()
      return box && box.y > 0 && box.y + box.height < 844
    },
    { within: 30_000 },
  )
})

test.run()

/** As identity lists users: fifty who were never seen before, and a cursor to those before them. */
const pageOf = (number: number) => ({
  users: Array.from({ length: 50 }, (_, i) => ({
    id: `p-${number}-${i}`,
    name: `Page ${number} ${i}`,
    email: null,
    picture: null,
    roles: [],
    provider: 'development',
    issuer: 'https://provider.test',
    subject: `p-${number}-${i}`,
    blocked: null,
    lastLoginAt: number * 1_000 - i,
    sessions: 0,
  })),
  next: number > 1 ? String(number - 1) : null,
})

const isUsers = (url: URL) => url.pathname === '/auth/admin/users'
