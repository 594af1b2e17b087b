import { keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Route } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: many users in the console')

/** The admin is one more. A page has 50. */
const MANY = 60

test('users: who comes to the end of the list goes on to everybody else, by the keyboard', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await givenUsers(system.redisUrl, MANY)
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/users`, 'admin')
  await page.waitForSelector('#users-list li:nth-child(50):last-child')

  await page.focus('#users-more')
  await page.keyboard.press('Enter')

  await page.waitForSelector(`#users-list li:nth-child(${MANY + 1}):last-child`)
  await page.waitForSelector('#users-more', { state: 'detached' })
  await page.waitForSelector('#users-list a:focus')
  const names = await page.locator('#users-list strong').allTextContents()
  assert.is(new Set(names).size, MANY + 1)
})

// found 2026-11-27: it began anew with whatever happened, and the focus was lost.
test('users: a search that finds nobody at first goes on from where it was, whatever happens meanwhile', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/users`, 'admin')
  await page.waitForSelector('#users-list li')
  const more: (string | null)[] = []
  let first = { users: [userOf(0)].slice(1), next: '1000' }
  await page.route(isSearch, async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get('cursor')
    if (cursor === null) return route.fulfill({ json: first })
    more.push(cursor)
    await page.waitForSelector('#users-more[aria-busy=true]')
    await route.fulfill({ json: { users: [], next: cursor === '1000' ? '2000' : null } })
  })

  await page.fill('#users-query', 'rare')
  await page.waitForSelector('#users-note:text-is("Nobody so far.")')
  await page.focus('#users-more')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#users-more[aria-busy=false]:focus')
  first = { users: [userOf(1)], next: '1000' }
  await log.write('something of identity')
  await page.waitForSelector('#users-list li:only-child')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#users-more', { state: 'detached' })
  assert.equal(more, ['1000', '2000'])
  await page.waitForSelector('#users-list a:focus')

  first = { users: [], next: '2000' }
  await page.fill('#users-query', 'rarer')
  await page.waitForSelector('#users-note:text-is("Nobody so far.")')
  await page.focus('#users-more')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#users-note:text-is("Nobody is called that.")')
  await page.waitForSelector('#users-query:focus')
})

// found 2026-11-27: as long as something happened, what took longer than a third of a second was never shown.
test('users: who they are is shown although more has happened before it was answered', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/users`, 'admin')
  await page.click('.users a:has-text("Ada Admin")')
  await page.waitForSelector('.user-view .sessions')

  for (const [isAsked, shown] of [
    [isList, '#users-list strong:text-is("Grace")'],
    [isOneUser, '.user-view h2:text-is("Grace")'],
  ] as const) {
    const held: Route[] = []
    let isHeld = true
    await page.route(isAsked, (route) => (isHeld ? held.push(route) : route.continue()))
    await eventually(async () => {
      await log.write('something of identity')
      return held.length > 1
    })
    await answerAs('Grace', held[0])
    await page.waitForSelector(shown)
    isHeld = false
    for (const route of held.slice(1)) await route.continue()
    await page.waitForSelector(shown.replace('Grace', 'Ada Admin'))
  }
})

test.run()

/** As after a first login each, long ago. */
async function givenUsers(redisUrl: string, count: number): Promise<void> {
  const keys = keysOf('curfew')
  const redis = new Redis(redisUrl)
  for (let i = 0; i < count; i++) {
    const { id, name, provider, issuer, subject, lastLoginAt } = userOf(i)
    const row = { name, provider, issuer, subject, lastLoginAt, createdAt: lastLoginAt, generation: 0 }
    await redis.hset(keys.user(id), row)
    await redis.zadd(keys.users, lastLoginAt, id)
  }
  redis.disconnect()
}

/** As identity tells of somebody. */
const userOf = (number: number) => ({
  id: `person-${String(number).padStart(15, '0')}`,
  name: `Person ${number}`,
  email: null,
  picture: null,
  roles: [],
  provider: 'development',
  issuer: 'https://provider.test',
  subject: `person-${number}`,
  blocked: null,
  lastLoginAt: Date.parse('2026-11-01T12:00:00Z') + number,
  sessions: 0,
})

/** What identity says, in the name of somebody else. */
async function answerAs(name: string, route: Route | undefined): Promise<void> {
  assert.ok(route)
  const response = await route.fetch()
  const text = (await response.text()).replaceAll('Ada Admin', name)
  await route.fulfill({ response, body: text })
}

const isList = (url: URL) => url.pathname === '/auth/admin/users'
const isSearch = (url: URL) => isList(url) && url.searchParams.get('query') !== ''
const isOneUser = (url: URL) => /^\/auth\/admin\/users\/[^/]+$/.test(url.pathname)
