import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium } from '@curfew/infra/tools'
import { givenSession } from '@curfew/testing'
import { chromium, type Page } from 'playwright-core'
import { z } from 'zod'
import { digits, table } from '../markdown.js'
import type { Measurement } from '../measurement.js'
import { startProcess } from '../process.js'
import { median, percentile } from '../statistics.js'
import { startEvents } from './events-process.js'
import { startFlow } from './flow.js'
import { drawFor, type Frames, loadLines } from './frames.js'

/** How evenly the console's log moves, in Chromium: many lines that are scrolled, events that flow in, and both. */
export const consoleFrames: Measurement = {
  name: 'console',
  title: 'The console with many lines',
  needs: ensureChromium,

  async measure({ scale: { consoleLines, consoleMs }, curfew, progress }) {
    const folder = await mkdtemp(join(tmpdir(), 'curfew-bench-console-'))
    try {
      const url = `sqlite:${join(folder, 'event-log.db')}`
      progress('writing the log')
      await using writer = await startProcess(new URL('./log-process.js', import.meta.url))
      await writer.ask('open', z.number(), url)
      await writer.ask('append', z.number(), 0, consoleLines)
      await writer.ask('close', z.undefined())

      const session = await givenSession(curfew.redis, curfew.namespace, { user: 'ada', roles: ['admin'] })
      await using events = await startEvents(curfew, url)
      await using browser = await openBrowser()
      const page = await browser.open(events.url, session.cookie)
      progress('loading the lines')
      await loadLines(page, consoleLines)

      const rows: Array<readonly [string, Frames]> = []
      for (const { name, scrolls, flows } of PARTS) {
        progress(name)
        await using _flowing = flows ? startFlow(curfew) : null
        rows.push([name, await drawFor(page, { ms: consoleMs, scrolls })])
      }
      return {
        markdown: table(
          [
            `${consoleLines.toLocaleString('en')} lines`,
            'frame p50, ms',
            'p95',
            'longest',
            'tasks over 50 ms',
            'longest',
            'main thread, ms a second',
            'of it scripts',
          ],
          rows.map(([name, { frames, longTasks, taskMs, scriptMs }]) => [
            name,
            ...[median(frames), percentile(frames, 95), percentile(frames, 100)].map(digits),
            String(longTasks.length),
            digits(Math.max(0, ...longTasks)),
            digits((taskMs / consoleMs) * 1_000),
            digits((scriptMs / consoleMs) * 1_000),
          ]),
        ),
        figures: { consoleFrameP95Ms: percentile(rows[0]?.[1].frames ?? [], 95) },
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

const PARTS = [
  { name: 'scrolled from top to bottom', scrolls: true, flows: false },
  { name: '200 events a second, at the top', scrolls: false, flows: true },
  { name: 'both', scrolls: true, flows: true },
]

async function openBrowser() {
  // Its sandbox needs a user that is not root, which containers rarely have.
  const browser = await chromium.launch({
    executablePath: await ensureChromium(),
    chromiumSandbox: false,
    args: ['--disable-gpu'],
  })
  return {
    async open(url: string, cookie: string): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } })
      const [name = '', value = ''] = cookie.split('=')
      await context.addCookies([{ name, value, url }])
      const page = await context.newPage()
      await page.goto(`${url}/console`)
      await page.waitForSelector('#log-list .log-row')
      return page
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
