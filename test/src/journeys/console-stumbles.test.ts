import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, newest, openLog, scrollTo } from './console-log.js'
import { openUnheard } from './open-unheard.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: the log of the console, when the service stumbles')

/** What a browser's console says of requests that were under way when a service was started again, or before it was there. */
const CUT_OFF =
  /status of 50[234]|net::ERR_(INCOMPLETE_CHUNKED_ENCODING|CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)/

/** More than the console loads at once. */
const MANY = 250

// found 2026-11-27: the log said that it was live, and showed nothing any more.
test('a question that nobody answers is given up and asked again, and what is heard meanwhile is counted', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  await openUnheard(page, system.console, log, 3, (_, hear) => hear())

  await page.waitForSelector('.log-row[aria-rowindex="6"]:has-text("before")')
  assert.equal(await lines(page).locator('.log-why').allTextContents(), ['heard', 'n2', 'n1', 'n0', 'before'])
})

test('what came before the stream opened is not forgotten, when it opens again before that is loaded', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [CUT_OFF] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()

  // The first question gets no answer, the next one is asked when the stream is back.
  await openUnheard(page, system.console, log, MANY, (_, hear) => hear())
  await system.restart('events')

  await newest(page, 'heard')
  await page.waitForSelector(`.log-row[aria-rowindex="3"]:has-text("n${MANY - 1}")`)
  await eventually(
    async () => {
      await scrollTo(page, 100_000)
      return (await lines(page).filter({ hasText: 'before' }).count()) === 1
    },
    { within: 60_000 },
  )
  const last = Number(await lines(page).filter({ hasText: 'before' }).getAttribute('aria-rowindex'))
  assert.is(last, 1 + 1 + MANY + 1, 'the head, what was heard, what was missed, and what was there before')
})

// found 2026-11-27: the page thought itself ahead of the log, and dropped whatever happened.
test('a log that begins anew is shown and heard, by a page that had come further in the one before', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium({ tolerate: [CUT_OFF] })
  await using log = await openLog(system.redisUrl)
  const page = await chromium.openPage()
  await log.writeMany(MANY, (i) => ({ reason: `n${i}`, at: new Date() }))
  await openSignedIn(page, `${system.console}?user=grace`, 'admin')
  await newest(page, `n${MANY - 1}`)
  await page.waitForSelector('#log-state:text-is("Live")')

  await log.forget()
  const file = join(dirname(system.logsDir), 'event-log.db')
  await Promise.all(['', '-wal', '-shm'].map((end) => rm(`${file}${end}`, { force: true })))
  await system.restart('events', 'SIGKILL')
  await page.waitForSelector('#log-note:has-text("Nothing here fits.")')
  await log.write('anew')

  await newest(page, 'anew')
})

test.run()
