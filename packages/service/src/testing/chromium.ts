/** A real browser for the tests of the browser modules. */
import { spawnSync } from 'node:child_process'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'

/** Opens Chromium with one profile, empty at first: its pages are the tabs of one person. */
export async function openTabs(): Promise<BrowserContext & AsyncDisposable> {
  const browser: Browser = await chromium.launch({
    executablePath: installedChromium(),
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(PATIENCE_MS)
  return Object.assign(context, { [Symbol.asyncDispose]: () => browser.close() })
}

/** Nothing is waited for any longer: on a busy machine ten tabs take a while to open. */
const PATIENCE_MS = 60_000

function installedChromium(): string {
  const found = spawnSync('sh', ['-c', NAMES.map((name) => `command -v ${name}`).join(' || ')])
  const path = found.stdout.toString().trim()
  if (path === '') throw new Error(`none of ${NAMES.join(', ')} is installed`)
  return path
}

/** Its headless shell opens pages in less than half of the time. */
const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]
