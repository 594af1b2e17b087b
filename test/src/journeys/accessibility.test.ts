import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, resize } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { BY_GRACE, lines, newest, openLog } from './console-log.js'
import { openElsewhere, openSignedIn } from './sign-in.js'

const test = suite('journeys: for everybody')

/** What a browser's console says of requests that are refused on purpose here. */
const REFUSED = /status of (401|403|404)/

test('no page keeps anybody out: people’s own ones, by day and by night, also on a phone', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const url = (path: string) => new URL(path, system.url).href
  const page = await chromium.openPage()
  const found = createFindings()

  await page.goto(system.url)
  await found.lookAt(page, 'landing')
  await page.goto(url('/nowhere'))
  await found.lookAt(page, 'nothing is here')
  await page.goto(url('/projects'))
  await page.waitForSelector('#username')
  await found.lookAt(page, 'the provider of development')
  await openSignedIn(page, url('/projects'), 'editor')
  await page.fill('#new-project', 'Engine')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.projects input[name=name] >> visible=true')
  await found.lookAt(page, 'projects')
  await page.getByRole('button', { name: 'Delete' }).first().click()
  await page.waitForSelector('.delete-question:popover-open')
  await found.lookAt(page, 'projects, before deleting')
  await page.goto(url('/account'))
  await page.waitForSelector('#history-list .history-what')
  await page.click('.account-button')
  await found.lookAt(page, 'account, with the menu')
  const other = await page.context().newPage()
  await other.goto(url('/projects'))
  await page.click('.account-menu button[value="user"]')
  await page.waitForSelector('.signed-off')
  await found.lookAt(page, 'landing, signed off')
  await page.click('.signed-off a')
  await page.waitForSelector('.receipt')
  await found.lookAt(page, 'receipt')
  await other.waitForSelector('.session-notice')
  await found.lookAt(other, 'projects, signed out elsewhere')

  assert.equal(found.all, [])
})

test('no page keeps anybody out: the operators’ ones, by day and by night, also on a phone', async () => {
  await using system = await startTestSystem()
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  await using log = await openLog(system.redisUrl)
  const url = (path: string) => new URL(path, system.url).href
  await openElsewhere(chromium, url('/projects'), 'editor')
  const page = await chromium.openPage()
  const found = createFindings()
  await openSignedIn(page, system.console, 'admin')
  await newest(page, 'Ada Admin signed in')
  for (const type of ['login.failed', 'user.blocked', 'project.renamed', 'token.revoked'] as const)
    await log.write('some reason', type, { ...BY_GRACE, before: 'Engine', after: 'Motor', ip: '203.0.113.7' })
  await newest(page, 'token.revoked')

  await found.lookAt(page, 'log')
  await lines(page).nth(1).click()
  await page.waitForSelector('#panel .event-facts')
  await found.lookAt(page, 'log, with an event')
  await page.click('#event-follow')
  await page.waitForSelector('.steps > li:nth-child(4)')
  await found.lookAt(page, 'log, with a request')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#panel', { state: 'detached' })
  await page.click('#log-more')
  await found.lookAt(page, 'log, with the filters')
  await page.fill('#log-filters [name=actor]', 'u-grace')
  await page.keyboard.press('Enter')
  await page.keyboard.press('p')
  await page.waitForSelector('#log-state:text-is("Paused")')
  await found.lookAt(page, 'log, filtered and paused')
  await page.click('#log-jump-open')
  await found.lookAt(page, 'log, with the jump to a time')
  await page.keyboard.press('Escape')
  await page.click('#log-export-open')
  await found.lookAt(page, 'log, with the export')
  await page.goto(`${system.console}?text=nothing+has+this`)
  await page.waitForSelector('#log-note')
  await found.lookAt(page, 'log, with nothing in it')
  await page.click('[aria-label="Keyboard shortcuts"]')
  await page.waitForSelector('dialog.shortcuts[open]')
  await found.lookAt(page, 'shortcuts')
  await page.keyboard.press('Escape')

  await page.click('#users-tab')
  await page.waitForSelector('#users-list')
  await found.lookAt(page, 'users')
  await page.click('.users a:has-text("Edda")')
  await page.waitForSelector('.user-view .sessions')
  await found.lookAt(page, 'one user')
  await page.click('.user-view button:text-is("Block")')
  await page.waitForSelector('dialog[open] #question-reason')
  await found.lookAt(page, 'one user, before blocking')
  await page.click('dialog button:text-is("Block")')
  await page.waitForSelector('.receipt .badge:text-is("Confirmed")')
  await found.lookAt(page, 'one user, with a receipt')
  await page.click('.receipt button')
  await page.waitForSelector('.user-view .notice')
  await found.lookAt(page, 'one user, blocked')
  await page.click('#instances-tab')
  await page.waitForSelector('#instances-list')
  await found.lookAt(page, 'instances')
  await page.click('#dashboard-tab')
  await page.click('.picture-table summary')
  await page.waitForSelector('.picture-table table')
  await found.lookAt(page, 'dashboard')

  assert.equal(found.all, [])
})

test.run()

/** What axe finds in pages that keeps somebody out. Each is looked at wide and on a phone, by day and by night. */
function createFindings() {
  const all: string[] = []

  async function run(page: Page, where: string, options: RunOptions): Promise<void> {
    const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`)
    for (const { id, impact, help, nodes } of violations)
      for (const { target } of nodes) all.push(`${where}: ${target} (${impact}, ${id}): ${help}`)
  }

  return {
    all,
    async lookAt(page: Page, name: string): Promise<void> {
      await page.evaluate(`if (!window.axe) { ${axe.source} }`)
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      await run(page, name, ALL)
      await page.emulateMedia({ colorScheme: 'dark' })
      await run(page, `${name}, dark`, CONTRAST)
      await resize(page, 390, 844)
      await run(page, `${name}, dark, on a phone`, ALL)
      await resize(page, 1280, 800)
    },
  }
}

const ALL: RunOptions = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }
const CONTRAST: RunOptions = { resultTypes: ['violations'], runOnly: ['color-contrast'] }
