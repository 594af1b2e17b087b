import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium, screenshot } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { BY_GRACE, lines, newest, openLog, reasonsOnPage, scrollTo } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: searching in the console')

/** Of all types of events, as a text. */
const LONGEST = 'token.revocation-failed'

test('a filter is in the address, and whoever opens that sees the same; what is exported fits it too', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  for (let i = 0; i < 5; i++) await log.write(i === 3 ? 'odd' : 'even')
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}?reason=odd&service=identity`, 'admin')

  await newest(page, 'odd')
  assert.is(await lines(page).count(), 1)
  await page.click('#log-export-open')
  const link = page.locator('#log-export a:has-text("CSV")')
  assert.is(await link.getAttribute('href'), '/events/export?format=csv&service=identity&reason=odd')
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  assert.is(download.suggestedFilename(), 'curfew-events.csv')
  await page.keyboard.press('Escape')

  await page.click('.chip:has-text("odd") button')
  await newest(page, 'Ada Admin signed in')
  assert.is(new URL(page.url()).search, '?service=identity')
  await page.keyboard.press('f')
  await page.fill('#log-filters [name=actor]', 'system')
  await page.keyboard.press('Enter')
  await newest(page, 'even')
  assert.is(new URL(page.url()).search, '?service=identity&actor=system')
  await screenshot(page, 'console-filter')
  await page.goBack()
  await newest(page, 'Ada Admin signed in')

  await lines(page).filter({ hasText: 'odd' }).click()
  await page.click('#panel [data-narrow=reason]')
  await page.waitForSelector('.chip:has-text("odd")')
  const shared = await page.context().newPage()
  await shared.goto(page.url())
  await newest(shared, 'odd')
  await shared.waitForSelector('#panel .event-facts')
})

test('one event shows everything about it, and one click follows its request through all services', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  const at = Date.parse('2026-11-01T12:00:00Z')
  await log.write('', LONGEST)
  await log.write('', 'session.created', BY_GRACE, new Date(at))
  await log.write(
    '',
    'project.renamed',
    { ...BY_GRACE, before: 'Engine', after: 'Motor' },
    new Date(at + 1_250),
  )
  await log.write('logged-out', 'session.revoked', BY_GRACE, new Date(at + 1_254))
  await newest(page, 'session.revoked')

  await page.click('.log-row:has-text("renamed")')
  await page.waitForSelector('#panel .change:has-text("Engine")')
  const longest = page.locator(`.log-type:text-is("${LONGEST}")`)
  assert.not(await longest.evaluate((type) => type.scrollWidth > type.clientWidth))
  const json = JSON.parse((await page.textContent('#event-json')) ?? '')
  assert.is(json.data.correlationId, BY_GRACE.correlationId)
  await page.click('#event-follow')

  await page.waitForSelector('.steps > li:nth-child(3)')
  assert.equal(await page.locator('.step-gap').allTextContents(), ['start', '+1.3 s', '+4 ms'])
  assert.equal(await page.locator('.steps .badge').allTextContents(), ['identity', 'projects', 'identity'])
  await screenshot(page, 'console-request')
  await log.write('', 'token.revoked', BY_GRACE, new Date(at + 1_300))
  await page.waitForSelector('.steps > li:nth-child(4):has-text("+46 ms")')

  // A receipt leads to an event that the log may have a moment later.
  const looks: URL[] = []
  const isLook = (url: URL) => url.searchParams.get('text') === json.id
  await page.route(isLook, (route) => {
    looks.push(new URL(route.request().url()))
    return looks.length < 3 ? route.fulfill({ json: { events: [], next: null } }) : route.continue()
  })
  await page.goto(`${system.console}?type=login.failed&event=${json.id}`)
  await page.waitForSelector('#panel .change:has-text("Engine")')
  assert.is(looks.length, 3)
})

test('whoever jumps to a time sees it, goes on from there in either direction, and is live again at the end', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const began = Date.now() - 3_600_000
  for (let i = 0; i < 600; i++) await log.write(`n${i}`, 'session.expired', {}, new Date(began + i * 1_000))
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')

  await page.keyboard.press('t')
  const local = await page.evaluate((ms) => {
    const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
    return date.toISOString().slice(0, 19)
  }, began + 300_999)
  await page.fill('#log-jump-time', local)
  await page.keyboard.press('Enter')
  await page.waitForSelector('#log-state:text-is("Past")')
  await page.waitForSelector('.log-row:has-text("n300"), .log-row:has-text("n299")')
  await page.waitForSelector('.log-row:has-text("n290")')
  await screenshot(page, 'console-jump')

  await eventually(
    async () => {
      await scrollTo(page, 0)
      return (await page.textContent('#log-state')) === 'Live'
    },
    { within: 60_000 },
  )
  await scrollTo(page, 0)
  await newest(page, 'Ada Admin signed in')
  await log.write('after all')
  await scrollTo(page, 0)
  await newest(page, 'after all')
  const all = Array.from({ length: 600 }, (_, i) => `n${i}`)
  assert.equal(await reasonsOnPage(page, /^n\d+$/), all.toReversed())
})

test.run()
