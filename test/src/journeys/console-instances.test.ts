import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keysOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Locator, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { ROOT } from '../root.js'
import { startConsoleSystem, startTestSystem } from '../system.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the instances in the console')

/** What a browser's console says of whoever is signed off. */
const REFUSED = /status of 401/

/** Long enough to see that one which is stopped is behind, before it has lapsed and is taken off the list. */
const LEASE_MS = '10000'

test('instances: who follows, what runs there, how far each has come, and what is left of its lease', async () => {
  await using system = await startTestSystem({ LEASE_MS })
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  // At identity alone: one of the other services is stopped later.
  const account = new URL('/account', system.url).href
  const [viewer, editor] = [
    await openElsewhere(chromium, account, 'viewer'),
    await openElsewhere(chromium, account, 'editor'),
  ]
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/instances`, 'admin')
  const rows = page.locator('#instances-list tr')
  const column = (name: string) => rows.locator(`[data-label="${name}"]`).allTextContents()
  const following = rows.filter({ hasText: 'following' })
  await eventually(async () => (await following.count()) === 4, { within: 60_000 })

  assert.equal(await column('Service'), ['events', 'identity', 'projects', 'projects'])
  assert.equal(await column('Version'), Array(4).fill(await versionOf('projects')))
  assert.equal(await column('Has applied'), Array(4).fill('– '))
  await page.waitForSelector('#instances-summary:has-text("There was no sign-off yet.")')
  await page.waitForSelector('#instances-state:text-is("Live")')
  await seenToRenew(rows.first())

  await signOut(viewer)
  await page.waitForSelector('#instances-summary:has-text("Sign-off no. 1 is the newest.")')
  await eventually(async () => (await column('Has applied')).every((text) => text === 'no. 1 '), {
    within: 60_000,
  })

  const stopped = system.processes.find(({ name }) => name === 'projects-2')?.pid
  assert.ok(stopped !== undefined)
  const before = await following.filter({ hasText: 'projects-2' }).locator('.mono').first().textContent()
  process.kill(stopped, 'SIGSTOP')
  try {
    await signOut(editor)
    const row = rows.filter({ hasText: 'projects-2' })
    await row.locator('.badge:text-is("1 behind")').waitFor()
    process.kill(stopped, 'SIGCONT')
    await row.filter({ hasText: 'no. 2' }).filter({ hasText: 'following' }).waitFor()
    await row.locator('.badge:text-is("1 behind")').waitFor({ state: 'detached' })
  } finally {
    process.kill(stopped, 'SIGCONT')
  }

  process.kill(stopped, 'SIGKILL')
  // What is started in its place is another one.
  await following.filter({ hasText: 'projects-2', hasNotText: before ?? '' }).waitFor()
})

test('an instance whose lease has ended has lapsed, and nothing is left of it', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium()
  const redis = new Redis(system.redisUrl)
  const { members } = keysOf('curfew')
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}/instances`, 'admin')
  const row = page.locator('#instances-list tr').filter({ hasText: 'projects-9' })

  // One whose row changes is not taken off the list, however long ago it was renewed.
  const [any = '{}'] = await redis.hvals(members)
  let renewals = 1
  await eventually(
    async () => {
      const lapsed = { ...JSON.parse(any), service: 'projects', renewedAt: 1, renewals: renewals++ }
      await redis.hset(members, 'projects-9-0123456789', JSON.stringify(lapsed))
      const isLapsed = row.filter({ hasText: 'lapsed' }).filter({ hasText: 'none' })
      return (await isLapsed.isVisible()) && (await leaseOf(row)) === 0
    },
    { within: 60_000 },
  )
  redis.disconnect()
})

// found 2026-11-27: each had a clock of its own, and a hundred of them kept a processor busy.
test('the leases of a hundred instances run out by one clock', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  const page = await chromium.openPage()
  await page.route(isList, async (route) => {
    const response = await route.fetch()
    const { instances = [], ...answer } = await response.json()
    const hundred = instances
      .slice(0, 1)
      .flatMap((one: { id: string }) =>
        Array.from({ length: 100 }, (_, i) => ({ ...one, id: `${one.id}-${i}` })),
      )
    await route.fulfill({ response, json: { ...answer, instances: hundred } })
  })
  await openSignedIn(page, `${system.console}/instances`, 'admin')
  const leases = page.locator('#instances-list progress')
  await eventually(async () => (await leases.count()) === 100, { within: 60_000 })

  const looks = await page.evaluate<number[][]>(SIXTY_LOOKS)
  // It asks each second: what is under way would find the browser closed.
  await page.unrouteAll({ behavior: 'wait' })

  for (const shown of looks) assert.is(new Set(shown).size, 1, shown.join(', '))
  assert.ok(new Set(looks.flat()).size > 1, 'they run out')
})

test.run()

/** What is left of each lease, as it is drawn sixty times. */
const SIXTY_LOOKS = `new Promise((done) => {
  const looks = []
  const look = () => {
    looks.push([...document.querySelectorAll('#instances-list progress')].map(({ value }) => value))
    if (looks.length < 60) requestAnimationFrame(look)
    else done(looks)
  }
  look()
})`

const isList = (url: URL) => url.pathname === '/auth/admin/instances'

async function signOut(page: Page): Promise<void> {
  await page.click('.account-button')
  await page.click('#account-menu button[value=session]')
}

/** It runs out while one looks, and is longer again by itself. */
async function seenToRenew(row: Locator): Promise<void> {
  let before = await leaseOf(row)
  let [isLess, isMore] = [false, false]
  await eventually(
    async () => {
      const now = await leaseOf(row)
      isLess ||= now < before
      isMore ||= isLess && now > before
      before = now
      return isMore
    },
    { within: 60_000 },
  )
  assert.match((await row.locator('.lease').textContent()) ?? '', /^\d+\.\d s$/)
}

const leaseOf = async (row: Locator) => Number(await row.locator('progress').getAttribute('value'))

async function versionOf(name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(ROOT, 'packages', name, 'package.json'), 'utf8')).version
}
