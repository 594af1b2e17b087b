/** A real browser for the tests of the browser modules. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'

/** Opens Chromium with one profile, empty at first: its pages are the tabs of one person. */
export async function openTabs(): Promise<BrowserContext & AsyncDisposable> {
  const browser: Browser = await chromium.launch({
    executablePath: installedChromium(),
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(5_000)
  return Object.assign(context, { [Symbol.asyncDispose]: () => browser.close() })
}

function installedChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = paths.find(isExecutable)
  if (found === undefined) throw new Error(`none of ${NAMES.join(', ')} is installed`)
  return found
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
