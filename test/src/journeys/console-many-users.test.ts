import { keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Page, Route } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drawn, openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { openHearing, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: many users in the console')

/** The admin is one more. A page has 50. */
const MANY = 60

test('users: who comes to the end of the list goes on to everybody else, by the keyboard', async () => {
  await using system = await startConsoleSystem()
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

// found 2026-11-27: whoever was not on the first page was gone.
test('users: whoever was found stays, however many sign in, and who is missing between comes next', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await givenUsers(system.redisUrl, MANY)
  const page = await chromium.openPage()
  await openHearing(page, system.console, 'users')
  await page.click('#users-more')
  await page.waitForSelector(`#users-list li:nth-child(${MANY + 1}):last-child`)

  await givenUsers(system.redisUrl, MANY, { from: MANY, lastLoginAt: Date.now() + 60_000 })
  await log.write('something of identity')
  await page.waitForSelector(`#users-list li:nth-child(${50 + MANY + 1}):last-child:has-text("Person 0")`)
  await page.click('#users-more')

  await page.waitForSelector(`#users-list li:nth-child(${2 * MANY + 1}):last-child:has-text("Person 0")`)
  const names = await page.locator('#users-list strong').allTextContents()
  const newestFirst = (from: number) =>
    Array.from({ length: MANY }, (_, i) => `Person ${from + MANY - 1 - i}`)
  assert.equal(names, [...newestFirst(MANY), 'Ada Admin', ...newestFirst(0)])
})

// found 2026-11-27: it began anew with whatever happened, and the focus was lost.
test('users: a search that finds nobody at first goes on from where it was, whatever happens meanwhile', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openHearing(page, system.console, 'users')
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
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openHearing(page, system.console, 'users')
  await page.click('.users a:has-text("Ada Admin")')
  await page.waitForSelector('.user-view .sessions')

  for (const [isAsked, shown] of GRACE) {
    const { held, release } = await holdTwo(page, isAsked, log)
    await answerAs('Grace', held[0])
    await page.waitForSelector(shown)
    await release(1)
    await page.waitForSelector(shown.replace('Grace', 'Ada Admin'))
  }
})

test('users: an answer that comes after that to a later question is not shown any more', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openHearing(page, system.console, 'users')
  await page.click('.users a:has-text("Ada Admin")')
  await page.waitForSelector('.user-view .sessions')

  for (const [isAsked, shown] of GRACE) {
    const { held, release } = await holdTwo(page, isAsked, log)
    const [earlier, later] = held
    await answerAs('Grace', later)
    await page.waitForSelector(shown)

    const arrived = page.waitForResponse((response) => response.request() === earlier?.request())
    await answerAs('Somebody Else', earlier)
    await (await arrived).finished()
    await drawn(page)
    assert.is(await page.locator(shown).count(), 1)
    await release(2)
  }
})

test.run()

/** Before whoever signs in here. */
const LONG_AGO = Date.now() - 86_400_000

/** As after a first login each, one a millisecond. All at once: nobody sees some of them alone. */
async function givenUsers(
  redisUrl: string,
  count: number,
  { from = 0, lastLoginAt: firstAt = LONG_AGO }: { from?: number; lastLoginAt?: number } = {},
): Promise<void> {
  const keys = keysOf('curfew')
  const redis = new Redis(redisUrl)
  const all = redis.multi()
  for (let i = 0; i < count; i++) {
    const { id, name, provider, issuer, subject } = userOf(from + i)
    const lastLoginAt = firstAt + i
    const row = { name, provider, issuer, subject, lastLoginAt, createdAt: lastLoginAt, generation: 0 }
    all.hset(keys.user(id), row).zadd(keys.users, lastLoginAt, id)
  }
  await all.exec()
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
  lastLoginAt: LONG_AGO + number,
  sessions: 0,
})

/** Keeps back what identity is asked, until something has happened often enough that it was asked twice. */
async function holdTwo(page: Page, isAsked: (url: URL) => boolean, log: Awaited<ReturnType<typeof openLog>>) {
  const held: Route[] = []
  let isHeld = true
  await page.route(isAsked, (route) => (isHeld ? held.push(route) : route.continue()))
  await eventually(
    async () => {
      await log.write('something of identity')
      return held.length > 1
    },
    { within: 60_000 },
  )
  return {
    held,
    /** Lets the others go on, from a number on, and whatever is asked after them. */
    async release(from: number): Promise<void> {
      isHeld = false
      for (const route of held.slice(from)) await route.continue()
    },
  }
}

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

/** What is asked of identity, and where it is shown that it was answered about Grace. */
const GRACE = [
  [isList, '#users-list strong:text-is("Grace")'],
  [isOneUser, '.user-view h2:text-is("Grace")'],
] as const
