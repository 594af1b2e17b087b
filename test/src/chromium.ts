import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureChromium, findHeadlessShell } from '@curfew/infra/tools'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { ROOT } from './root.js'

/** A Chromium of a test's own. Each person in it has a profile of their own, empty at first. */
export interface Chromium extends AsyncDisposable {
  /** A new page of the first person. */
  openPage(): Promise<Page>
  /** Somebody else at their own browser: no cookie is shared. */
  openProfile(): Promise<BrowserContext>
  /** What pages complained about so far: errors, console errors, violations of the content security policy. */
  readonly complaints: readonly string[]
}

export interface ChromiumOptions {
  /** Complaints that belong to the test. Every other one fails it when the browser closes. */
  readonly tolerate?: readonly RegExp[]
  /** The browser that people have, instead of its headless shell: the same engine, and much more around its pages. @default false */
  readonly isWhole?: boolean
}

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Nothing is waited for any longer: with a busy machine, a page and what it asks for take a while. */
const PATIENCE_MS = 60_000

/** Opens Chromium, headless. Closing it throws when a page complained. */
export async function openChromium({
  tolerate = [],
  isWhole = false,
}: ChromiumOptions = {}): Promise<Chromium> {
  // Its sandbox needs a user that is not root, which containers rarely have.
  const browser = await chromium.launch({
    executablePath: isWhole ? await ensureChromium() : await findHeadlessShell(),
    args: FLAGS,
    chromiumSandbox: false,
  })
  const complaints: string[] = []
  const complain = (page: Page | null, text: string) => {
    if (!tolerate.some((pattern) => pattern.test(text)))
      complaints.push(`${page?.url() ?? 'a worker'}: ${text}`)
  }

  async function openProfile(): Promise<BrowserContext> {
    const context = await browser.newContext()
    context.setDefaultTimeout(PATIENCE_MS)
    context.on('weberror', (event) => complain(event.page(), String(event.error())))
    // A violation of the content security policy arrives here too.
    context.on('console', (message) => {
      if (message.type() === 'error')
        complain(message.page(), `${message.text()} (${message.location().url})`)
    })
    return context
  }
  const first = await openProfile()

  return {
    openPage: () => first.newPage(),
    openProfile,
    complaints,
    async [Symbol.asyncDispose]() {
      await browser.close()
      if (complaints.length > 0) throw new Error(`pages complained:\n${complaints.join('\n')}`)
    },
  }
}

/**
 * Gives a window another size. Resolves once its page is laid out for that, has been told, and has been drawn; what the
 * page does only some time after it was told is to be waited for.
 */
export async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.waitForFunction(`innerWidth === ${width} && innerHeight === ${height}`)
  await drawn(page)
}

/** Resolves once all that the page was told before is on the screen. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/** Keeps a picture of the whole page as `artifacts/screenshots/<name>.png`, for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(ROOT, 'artifacts', 'screenshots')
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
