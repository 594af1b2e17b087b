import type { System } from '@curfew/infra'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startTestSystem } from '../system.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: receipts that fill')

/** Long enough that a busy machine shows what is pending before it has lapsed. */
const LEASE_MS = 12_000

/** What a browser's console says of requests that are refused on purpose here. */
const REFUSED = /status of (401|403)/

/** A process that is there, and does nothing until it is let go. */
function pause(system: System, name: string): { end(): void } {
  const pid = system.processes.find((one) => one.name === name)?.pid
  assert.ok(pid !== undefined, `${name} runs`)
  process.kill(pid, 'SIGSTOP')
  return { end: () => void process.kill(pid, 'SIGCONT') }
}

test('who signs out sees at once what there is, and who has yet to confirm it; and then that it is so', async () => {
  await using system = await startTestSystem({ LEASE_MS: String(LEASE_MS) })
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const page = await chromium.openPage()
  await openSignedIn(page, new URL('/projects', system.url).href, 'editor')
  const paused = pause(system, 'projects-2')

  const askedAt = performance.now()
  await page.click('.account-button')
  await page.click('.account-menu button[value="user"]')
  // By way of the provider, which ends its session too.
  await page.waitForSelector('.signed-off')
  const seenAfterMs = performance.now() - askedAt
  const pending = 'Not confirmed yet: applied by 3 of 4 instances'
  // It says how it stood when the page was asked for.
  const line = await eventually(async () => {
    const said = await page.textContent('.signed-off')
    if (said?.includes(pending)) return said
    await page.reload()
    return null
  })
  await page.click('.signed-off a')
  await page.waitForSelector(`.receipt:has-text("${pending}")`)
  // The page is there anew each second, and a picture of it may take longer: what is answered by nothing leaves it as it is.
  await page.route(isReceipt, (route) => route.fulfill({ status: 204 }))
  await screenshot(page, 'receipt-pending')
  const before = await page.textContent('.receipt')
  await page.unroute(isReceipt)
  // Not by a reload, which would fail with a refresh that is still under way.
  await page.goto(page.url())
  await page.waitForSelector('.receipt-lines .lapsed')
  await screenshot(page, 'receipt-lapsed')
  const after = await page.textContent('.receipt')
  paused.end()

  assert.ok(seenAfterMs < LEASE_MS, `a page after ${seenAfterMs} ms`)
  assert.match(line, `You are signed out everywhere. ${pending}`)
  assert.match(before ?? '', 'This receipt fills by itself until then.')
  assert.match(after ?? '', /Confirmed by 3 of 4 instances in \d+\.\d s/)
  assert.match((await page.textContent('.farewell')) ?? '', 'on every service')
})

test('an admin sees in the console who is missing, and watches it come true', async () => {
  await using system = await startTestSystem({ LEASE_MS: String(LEASE_MS) })
  await using chromium = await openChromium({ tolerate: [REFUSED] })
  const [admin, editor] = [await chromium.openPage(), await (await chromium.openProfile()).newPage()]
  await openSignedIn(admin, system.console, 'admin')
  await openSignedIn(editor, new URL('/projects', system.url).href, 'editor')
  const following = admin.locator('#instances-list tr:has(.badge:text-is("following"))')
  const areFollowing = (wanted: number) =>
    eventually(async () => (await following.count()) === wanted, { within: 60_000 })

  await admin.click('#users-tab')
  await admin.click('#users-list a:has-text("Edda")')
  await admin.click('.user-view button:text-is("Sign off everywhere")')
  const paused = pause(system, 'projects-2')
  await admin.click('dialog button.primary')
  await admin.waitForSelector('dialog .receipt-instances .badge:text-is("pending")')
  await screenshot(admin, 'console-receipt-pending')
  await admin.waitForSelector('dialog .receipt-instances .badge:text-is("lapsed")')
  await admin.waitForSelector('dialog .receipt .badge:text-is("Confirmed")')
  await screenshot(admin, 'console-receipt-lapsed')
  const said = await admin.textContent('dialog .receipt')
  await admin.click('dialog button:text-is("Done")')

  await admin.click('#instances-tab')
  await areFollowing(3)
  await screenshot(admin, 'console-instances')
  paused.end()
  await areFollowing(4)

  assert.match(said ?? '', 'Confirmed')
  assert.match(
    said ?? '',
    /One session is over\. No instance can serve it any more, \d+\.\d s after you asked\./,
  )
})

test.run()

const isReceipt = (url: URL) => url.pathname.startsWith('/auth/signed-off/')
