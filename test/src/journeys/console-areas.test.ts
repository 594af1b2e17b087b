import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the areas of the console')

/** What a browser's console says of what goes wrong here on purpose. */
const MEANT = /status of 401|net::ERR_FAILED|TypeError/

// found 2026-11-27: whoever looked at a user did not see that it was not looked at again, and it was not until somebody
// pressed a button or something happened.
test('users: the list is as it was left, and what can’t be looked at again stays, and is said', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [MEANT] })
  await using log = await openLog(system.redisUrl)
  await openElsewhere(chromium, new URL('/account', system.url).href, 'viewer')
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/users`, 'admin')

  await page.fill('#users-query', 'vi')
  await page.waitForSelector('#users-list li:only-child')
  await page.click('.users a:has-text("Vito Viewer")')
  await page.waitForSelector('.user-view .sessions')
  await page.goBack()
  await page.waitForSelector('#user-view .empty')
  assert.is(await page.inputValue('#users-query'), 'vi')
  assert.is(await page.locator('#users-list li').count(), 1)

  await page.click('.users a:has-text("Vito Viewer")')
  await page.waitForSelector('.user-view .sessions')
  await page.route(isOneUser, (route) => route.abort())
  await log.write('something of identity')
  await page.waitForSelector('#user-trouble[role=alert]')
  await page.waitForSelector('.user-view .sessions')
  await page.focus('#user-trouble button')
  await page.unroute(isOneUser)
  // It is asked for again by itself.
  await page.waitForSelector('#user-trouble', { state: 'detached' })
  await page.waitForSelector('#user-view:focus')
})

test('an area that can’t be drawn says so, the others go on, and nothing is asked for an area that was left', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [MEANT] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await page.clock.install()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')

  await page.route(isInstances, (route) => route.fulfill({ json: {} }))
  await page.click('#instances-tab')
  await page.waitForSelector('#area-broken[role=alert] button')
  await page.click('#log-tab')
  await log.write('while something is broken')
  await newest(page, 'while something is broken')
  await page.unroute(isInstances)

  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  for (const [tab, path] of [
    ['#instances-tab', '/auth/admin/instances'],
    ['#dashboard-tab', '/events/figures'],
  ] as const) {
    await page.click(tab)
    await page.waitForSelector('#instances-list, .pictures .card')
    const again = page.waitForRequest((request) => new URL(request.url()).pathname === path)
    await page.clock.runFor(20_000)
    await again
    await page.click('#log-tab')
    await page.waitForSelector('#log-list')
    asked.length = 0
    await page.clock.runFor(60_000)
    assert.not(asked.includes(path), path)
  }
})

test.run()

const isOneUser = (url: URL) => /^\/auth\/admin\/users\/./.test(url.pathname)
const isInstances = (url: URL) => url.pathname === '/auth/admin/instances'
