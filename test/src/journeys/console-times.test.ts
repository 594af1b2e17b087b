import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drawn, openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog, scrollTo, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the console at another time, and back')

// found 2026-11-27: it asked again and again, a hundred times a second
test('a jump to a time, for what has never happened, comes to rest, and what happens then is shown', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))

  await page.goto(`${system.console}?reason=never&at=${new Date(Date.now() - 3_600_000).toISOString()}`)
  await page.waitForSelector('#log-note:has-text("Nothing here fits.")')
  await page.waitForSelector('#log-state:text-is("Live")')
  await log.write('never')
  await page.waitForSelector('.log-row:has-text("never")')

  const pages = asked.filter((path) => path === '/events').length
  assert.ok(pages < 20, `${pages} pages were asked for`)
})

// found 2026-11-26: until the answer came, the log still counted as past, and dropped what it heard.
test('what happens while the log goes back to live is shown', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('long ago', 'session.expired', {}, new Date(Date.now() - 86_400_000))
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  const other = await page.context().newPage()
  await other.goto(system.console)
  await other.waitForSelector('#log-state:text-is("Live")')

  // It stays where it has jumped to: when it asks for what came after that, it gets no answer.
  await page.route(isNewer, () => {})
  const jumpedTo = new Date(Date.now() - 80_000_000).toISOString()
  await page.evaluate(`history.pushState(null, '', '/console?at=${jumpedTo}')`)
  await page.evaluate(`dispatchEvent(new PopStateEvent('popstate'))`)
  await page.waitForSelector('.log-row:has-text("long ago")')
  await page.waitForSelector('#log-state:text-is("Past")')
  let asked = 0
  await page.route(isNow, async (route) => {
    asked++
    const response = await route.fetch()
    await log.write('meanwhile')
    await newest(other, 'meanwhile')
    await route.fulfill({ response })
  })
  await page.click('.chip:has-text("at") button')
  await newest(page, 'meanwhile')
  assert.is(asked, 1)
})

// found 2026-11-27: it was looked for at its own time, where the page had been, and nowhere else. So was what happened
// now, by a browser whose clock is ahead.
test('what the log keeps late is shown, although its time had been read before', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  const began = Date.now() - 600_000
  await log.writeMany(MANY, (i) => ({ reason: `n${i}`, at: new Date(began + i * 100) }))
  await openSignedIn(page, new URL('/account', system.url).href, 'admin')
  await untilKept(page, system.url, `n${MANY - 1}`)

  await page.goto(`${system.console}?user=grace&at=${new Date(began + 50).toISOString()}`)
  await page.waitForSelector('.log-row:has-text("n1")', { state: 'attached' })
  await log.write('late', 'session.expired', {}, new Date(began + 2_050))
  await log.writeMany(MANY, (i) => ({ reason: `after ${i}`, at: new Date() }))
  await untilKept(page, system.url, `after ${MANY - 1}`)

  await eventually(
    async () => {
      await scrollTo(page, 0)
      return (
        (await lines(page)
          .filter({ hasText: `after ${MANY - 1}` })
          .count()) === 1
      )
    },
    { within: 60_000 },
  )
  await page.waitForSelector('#log-state:text-is("Live")')
  await page.waitForSelector('.chip:has-text("at")', { state: 'detached' })
  await eventually(
    async () => {
      // At the top nobody reads: what is there is replaced if it is not all.
      for (const top of [0, (MANY - 2) * ROW_PX]) {
        await scrollTo(page, top)
        await drawn(page)
      }
      return (await lines(page).filter({ hasText: 'late' }).count()) === 1
    },
    { within: 60_000 },
  )
})

test.run()

/** More than the console loads at once. */
const MANY = 250
const ROW_PX = 34

const isNow = (url: URL) => url.pathname === '/events' && url.search === '?limit=200'
const isNewer = (url: URL) => url.pathname === '/events' && url.searchParams.has('from')
