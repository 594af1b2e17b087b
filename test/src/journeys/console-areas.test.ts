import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { BY_GRACE, newest, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the areas of the console')

/** What a browser's console says of what goes wrong here on purpose. */
const MEANT = /status of 401|net::ERR_FAILED|TypeError/

// found 2026-11-27: whoever looked at a user did not see that it was not looked at again, and it was not until somebody
// pressed a button or something happened.
test('users: the list is as it was left, and what can’t be looked at again stays, and is said', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [MEANT] })
  await using log = await openLog(system.redisUrl)
  await openElsewhere(chromium, new URL('/projects', system.url).href, 'viewer')
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

// found 2026-11-27: with each one who signed in the list grew, until the page was slow.
test('users: a list that is left open is no longer after many have signed in, and who is missing comes next', async () => {
  await using system = await startTestSystem()
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

// found 2026-11-27: it was not seen until something else happened.
test('what happens before the console hears of anything is seen, of users and of a request that is followed', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await log.write('first step', 'project.created', BY_GRACE)
  await openSignedIn(page, new URL('/projects', system.url).href, 'admin')

  for (const [path, before, happens, kept, after] of [
    [
      '/users',
      '#users-list:not(:has-text("Vito Viewer"))',
      () => openElsewhere(chromium, new URL('/projects', system.url).href, 'viewer'),
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

test('an area that can’t be drawn says so, the others go on, and nothing is asked for an area that was left', async () => {
  await using system = await startTestSystem()
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

/** How many the log has by now. */
async function countOf(page: Page, origin: string, query: string): Promise<number> {
  const answer = await page.request.get(new URL(`/events?${query}`, origin).href)
  return (await answer.json()).events.length
}

const isStream = (url: URL) => url.pathname === '/events/stream'
const isUsers = (url: URL) => url.pathname === '/auth/admin/users'
const isOneUser = (url: URL) => /^\/auth\/admin\/users\/./.test(url.pathname)
const isInstances = (url: URL) => url.pathname === '/auth/admin/instances'
