import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@curfew/testing'
import type { Locator, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { ROOT } from '../root.js'
import { startTestSystem } from '../system.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the instances in the console')

/** What a browser's console says of whoever is signed off. */
const REFUSED = /status of 401/

test('instances: who follows, what runs there, how far each has come, and what is left of its lease', async () => {
  await using system = await startTestSystem()
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
  await eventually(async () => (await rows.filter({ hasText: 'following' }).count()) === 4, {
    within: 60_000,
  })

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

  // One that is stopped is behind at once, and out when its lease is.
  const stopped = system.processes.find(({ name }) => name === 'projects-2')?.pid
  assert.ok(stopped !== undefined)
  process.kill(stopped, 'SIGSTOP')
  try {
    await signOut(editor)
    const row = rows.filter({ hasText: 'projects-2' })
    await row.locator('.badge:text-is("1 behind")').waitFor()
    await row.locator('.badge:text-is("lapsed")').waitFor()
    await row.locator('.lease:has-text("none")').waitFor()
    assert.is(await leaseOf(row), 0)
    await eventually(async () => (await rows.filter({ hasText: 'following' }).count()) === 3, {
      within: 60_000,
    })
    assert.is(await rows.filter({ hasText: 'behind' }).count(), 1)
    process.kill(stopped, 'SIGCONT')
    await row.locator('.badge:text-is("following")').waitFor()
    await row.filter({ hasText: 'no. 2' }).waitFor()
    await row.locator('.badge:text-is("1 behind")').waitFor({ state: 'detached' })
  } finally {
    process.kill(stopped, 'SIGCONT')
  }

  // One that is gone for good stays in the list as what it is; what is started in its place is another one.
  process.kill(stopped, 'SIGKILL')
  await rows.filter({ hasText: 'projects-2' }).filter({ hasText: 'lapsed' }).waitFor()
  await rows.filter({ hasText: 'projects-2' }).filter({ hasText: 'following' }).waitFor()
  assert.is(await rows.count(), 5)
})

test.run()

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
