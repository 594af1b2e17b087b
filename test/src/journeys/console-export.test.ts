import { readFile } from 'node:fs/promises'
import type { CurfewEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openChromium } from '../chromium.js'
import { startConsoleSystem } from '../system.js'
import { lines, openLog } from './console-log.js'
import { openSignedIn } from './sign-in.js'

const test = suite('journeys: exports of the console')

/** More than a page of the log. */
const MANY = 230

/** What a spreadsheet has to be kept from, and what CSV has to quote. */
const ODD = '=odd, “he” said "no";\n and left'

test('what fits the filter is in the file that the console gives, all of it, as NDJSON and as CSV', async () => {
  await using system = await startConsoleSystem()
  await using chromium = await openChromium()
  await using log = await openLog(system.redisUrl)
  await log.write('of another type', 'project.renamed')
  await log.writeMany(MANY, (i) => ({ reason: i === 7 ? ODD : `n${i}`, at: new Date() }))
  const page = await chromium.openPage()
  await openSignedIn(page, system.console, 'admin')
  await page.fill('#log-text', 'grace')
  await page.selectOption('#log-type', 'session.expired')
  await page.waitForURL(
    ({ searchParams }) => searchParams.get('text') === 'grace' && searchParams.has('type'),
  )
  await eventually(async () => (await expected(page, system.url)).length === MANY, { within: 30_000 })
  await lines(page).first().waitFor()

  const wanted = await expected(page, system.url)
  const ndjson = await exported(page, 'NDJSON')
  assert.is(ndjson.name, 'curfew-events.ndjson')
  assert.is(ndjson.text.at(-1), '\n')
  const events = ndjson.text.trimEnd().split('\n')
  assert.equal(
    events.map((line): unknown => JSON.parse(line)),
    wanted,
  )

  const csv = await exported(page, 'CSV')
  assert.is(csv.name, 'curfew-events.csv')
  const [head = [], ...rows] = tableOf(csv.text)
  const inColumn = (name: string) => rows.map((row) => row[head.indexOf(name)])
  assert.equal(
    inColumn('id'),
    wanted.map(({ id }) => id),
  )
  assert.equal(
    inColumn('reason'),
    wanted.map(({ data: { reason } }) => (reason === ODD ? `'${ODD}` : reason)),
  )
  assert.equal(
    inColumn('time'),
    wanted.map(({ time }) => time),
  )

  // That copies were taken, by whom and of what is in the log itself.
  await page.fill('#log-text', '')
  await page.selectOption('#log-type', 'log.exported')
  await eventually(async () => (await lines(page).count()) === 2, { within: 30_000 })
  await lines(page).first().click()
  const facts = page.locator('.event-facts')
  await facts.locator('dt:text-is("Format") + dd:text-is("csv")').waitFor()
  await facts.locator('dt:text-is("Filter") + dd:has-text("type=session.expired")').waitFor()
})

test.run()

/** What the log answers to the same filter, page by page, newest first. */
async function expected(page: Page, origin: string): Promise<CurfewEvent[]> {
  const events: CurfewEvent[] = []
  for (let next: string | null = ''; next !== null; ) {
    const query = new URLSearchParams({ text: 'grace', type: 'session.expired', limit: '200', before: next })
    const answer: { events: CurfewEvent[]; next: string | null } = await (
      await page.request.get(new URL(`/events?${query}`, origin).href)
    ).json()
    events.push(...answer.events)
    next = answer.next
  }
  return events
}

/** By the button, as a person would. */
async function exported(page: Page, kind: string): Promise<{ name: string; text: string }> {
  await page.click('#log-export-open')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`#log-export a:has-text("${kind}")`),
  ])
  const text = await readFile(await download.path(), 'utf8')
  await page.keyboard.press('Escape')
  return { name: download.suggestedFilename(), text }
}

/** As RFC 4180 has it: cells by rows. */
function tableOf(csv: string): string[][] {
  const cells = [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)]
  const rows: string[][] = [[]]
  for (const [, quoted, plain = '', end] of cells) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end !== ',') rows.push([])
  }
  return rows.slice(0, -1)
}
