import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: the console as a screen reader says it')

/** What the browser's console of somebody who is signed off says. */
const REFUSED = /status of 401/

// By roles and names alone: what has none can't be found here.
test('the log is a table with a line that is said as one moves, and what is open beside it has a name', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('it was idle')
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')
  const grid = page.getByRole('grid', { name: 'Events, newest first' })
  const activeRow = async () => {
    const id = await grid.getAttribute('aria-activedescendant')
    return id === null ? '' : page.locator(`[id="${id}"]`).ariaSnapshot()
  }

  await page.getByRole('link', { name: 'Log' }).waitFor()
  for (const column of ['Time', 'Event', 'What happened', 'Why', 'Address'])
    await grid.getByRole('columnheader', { name: column, exact: true }).waitFor()
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await eventually(async () => /^- row ".*Ada Admin signed in.*"/.test(await activeRow()))
  await page.keyboard.press('ArrowDown')
  await eventually(async () => /^- row ".*it was idle.*"/.test(await activeRow()))
  await page.keyboard.press('Enter')
  const opened = page.getByRole('complementary', { name: 'Event', exact: true })
  await opened.getByText('it was idle').first().waitFor()

  await page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await page
    .getByRole('status')
    .filter({ hasText: /^Paused$/ })
    .waitFor()
  await log.write('meanwhile')
  await page.getByRole('button', { name: 'Resume 1' }).waitFor()
})

test('who is blocked is asked about by name, and that it is confirmed is said aloud', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const admin = await chromium.openPage()
  await openSignedIn(admin, system.console, 'admin')
  await openElsewhere(chromium, new URL('/account', system.url).href, 'viewer')

  await admin.getByRole('link', { name: 'Users' }).click()
  await admin.getByRole('searchbox', { name: 'Search users' }).fill('vit')
  await admin.getByRole('link', { name: /Vito Viewer/ }).click()
  await admin.getByRole('button', { name: 'Block' }).click()
  const dialog = admin.getByRole('dialog', { name: /Block Vito Viewer/ })
  await dialog.getByRole('textbox', { name: 'Reason' }).fill('left the company')
  await dialog.getByRole('button', { name: /Block/ }).click()
  const said = admin.getByRole('dialog').getByRole('status')
  await said.filter({ hasText: 'One session is over. Every instance knows it' }).waitFor()

  assert.is(await admin.getByRole('progressbar', { name: 'Instances that can serve it no more' }).count(), 1)
  await admin.getByRole('button', { name: 'Done' }).click()
  await admin.getByRole('button', { name: 'Unblock' }).waitFor()
})

test.run()
