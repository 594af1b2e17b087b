import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { openChromium, resize, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openBySigningIn, openSignedIn } from './sign-in.js'

const test = suite('journeys: your account')

/** What a browser's console says of an answer that we mean to be an error. */
const REFUSED = /status of 40[13]/

const Users = z.object({ users: z.array(z.object({ id: z.string() })) })

test('my devices, one ended, the others ended with their receipt, and what happened in my own words', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const account = new URL('/account', system.url).href
  const laptop = await chromium.openPage()
  const [phone, tablet] = [
    await (await chromium.openProfile()).newPage(),
    await (await chromium.openProfile()).newPage(),
  ]
  // A deep link leads through the provider and back to itself.
  for (const page of [phone, tablet, laptop]) await openBySigningIn(page, account, 'editor')

  assert.match((await laptop.textContent('.devices caption')) ?? '', 'Here, and in 2 other places.')
  assert.match((await laptop.textContent('.devices .current')) ?? '', 'this browser')
  await saysInHistory(laptop, 'You signed in', 3)
  await look(laptop, 'account')

  // By the keyboard alone: the header's menu leads here from any page.
  await laptop.goto(new URL('/projects', system.url).href)
  await laptop.focus('.account-button')
  await laptop.keyboard.press('Enter')
  await screenshot(laptop, 'account-menu')
  await laptop.keyboard.press('Tab')
  await laptop.keyboard.press('Enter')
  await laptop.waitForURL(account)

  await laptop.click('.devices tbody tr:nth-child(2) button')
  await laptop.waitForSelector('caption:has-text("Here, and in one other place.")')
  await saysInHistory(laptop, 'You ended a session on another device', 1)
  await laptop.click('main button[value=others]')
  await laptop.waitForSelector('text=Your other sessions are over')
  await laptop.waitForSelector('.receipt')
  await laptop.goto(account)
  await saysInHistory(laptop, 'You signed out all your other sessions', 1)
  for (const page of [phone, tablet])
    await page.waitForSelector('.session-notice:has-text("You have been signed out")')

  // It comes in by itself while one looks: somebody else does something to this account.
  const admin = await (await chromium.openProfile()).newPage()
  await openSignedIn(admin, system.console, 'admin')
  // By what the browser sends with each of its requests, the cookie among it.
  const { request } = admin.context()
  const origin = { headers: { Origin: new URL(system.url).origin } }
  const { users } = Users.parse(await (await request.get(`${system.url}/auth/admin/users?query=edda`)).json())
  const about = `${system.url}/auth/admin/users/${users[0]?.id}`
  const blocked = await request.post(`${about}/block`, { ...origin, data: { reason: 'an ugly word' } })
  const unblocked = await request.post(`${about}/unblock`, { ...origin, data: {} })
  assert.equal([blocked.status(), unblocked.status()], [200, 200])
  // The provider still knows who this is.
  await laptop.goto(account)
  await laptop.waitForSelector('#history')
  await saysInHistory(laptop, 'An admin blocked your account', 1)
  await saysInHistory(laptop, 'An admin unblocked your account', 1)
  const history = (await laptop.textContent('#history-list')) ?? ''
  for (const secret of ['ugly', 'Ada Admin']) assert.not.match(history, secret)
  await look(laptop, 'account-history')
})

test('without a script the devices and the ways out work, and the history says what it needs', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const account = new URL('/account', system.url).href
  const [laptop, phone] = [await chromium.openPage(), await (await chromium.openProfile()).newPage()]
  for (const page of [laptop, phone]) await openSignedIn(page, account, 'viewer')
  const cookies = await laptop.context().cookies()
  const plain = await (await laptop.context().browser()?.newContext({ javaScriptEnabled: false }))?.newPage()
  if (plain === undefined) return assert.unreachable('there is a browser')
  await plain.context().addCookies(cookies)

  await plain.goto(account)
  assert.match((await plain.textContent('section:has(#history)')) ?? '', 'This list needs JavaScript.')
  await plain.click('.devices tbody tr:nth-child(2) button')
  await plain.waitForSelector('caption:has-text("In this browser only.")')
  await plain.click('main button[value=session]')
  const isSignedIn = async () => (await plain.context().request.get(`${system.url}/auth/session`)).ok()
  await eventually(async () => !(await isSignedIn()))
})

test.run()

async function saysInHistory(page: Page, words: string, times: number): Promise<void> {
  const entries = page.locator('#history-list .history-what', { hasText: words })
  // It looks again each 15 s.
  await eventually(async () => (await entries.count()) >= times, { within: 60_000 })
}

/** By day, by night, and on a phone. */
async function look(page: Page, name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await screenshot(page, `${name}-light`)
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await screenshot(page, `${name}-dark`)
  const size = page.viewportSize()
  await resize(page, 390, 844)
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
  assert.ok(overflow <= 0, `the page is ${overflow} px too wide for a phone`)
  await screenshot(page, `${name}-phone`)
  await page.emulateMedia({ colorScheme: 'light' })
  if (size) await resize(page, size.width, size.height)
}
