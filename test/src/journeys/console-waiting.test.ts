import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { newest, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: what waits in the log of the console')

// found 2026-11-27: it was put above the lines that the page then replaced, and was gone.
test('what waited while a page was being loaded is shown above that page, for who resumes before it is there', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('old')
  const page = await chromium.openPage()
  await openSignedIn(page, `${system.console}?user=grace`, 'admin')
  await newest(page, 'old')
  await page.waitForSelector('#log-state:text-is("Live")')

  const answers: (() => Promise<void>)[] = []
  await page.route(
    isOfSessions,
    async (route) => {
      const response = await route.fetch()
      answers.push(() => route.fulfill({ response }))
    },
    { times: 1 },
  )
  await page.click('#log-pause')
  await page.selectOption('#log-type', 'session.*')
  const answer = await eventually(() => answers[0])
  await log.write('heard')
  await page.waitForSelector('#log-waiting:text-is("1")')
  await page.click('#log-pause')
  await page.waitForSelector('#log-pause:text-is("Pause")')
  await answer()

  await page.waitForSelector('.log-row[aria-rowindex="3"]:has-text("old")')
  await newest(page, 'heard')
})

test.run()

const isOfSessions = (url: URL) => url.pathname === '/events' && url.searchParams.has('type')
