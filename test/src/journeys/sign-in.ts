import { DEMO_PASSWORD } from '@curfew/infra'
import { createBrowser } from '@curfew/testing'
import type { Page } from 'playwright-core'
import type { Chromium } from '../chromium.js'
import { signInOverHttp } from './sign-in-over-http.js'

/** Fills in the development provider's sign-in page. The page must be at it, or on its way there. */
export async function signInAtProvider(page: Page, username: string): Promise<void> {
  await page.waitForSelector('#username')
  await page.fill('#username', username)
  await page.fill('#password', DEMO_PASSWORD)
  await page.click('form button.primary')
}

/** Opens a page as somebody who is not signed in yet, signs in at the provider's page, and is back at it. */
export async function openBySigningIn(page: Page, url: string, username: string): Promise<void> {
  await page.goto(url)
  await signInAtProvider(page, username)
  await page.waitForURL(url)
}

/**
 * Opens a page as somebody who signed in with this browser before. They did so without its pages, which have journeys of
 * their own: drawing another site in a process of its own is a quarter of what opening a page takes.
 */
export async function openSignedIn(page: Page, url: string, username: string): Promise<void> {
  await using browser = createBrowser(url)
  const callback = await signInOverHttp(browser, username, {
    headers: { 'User-Agent': await page.evaluate<string>('navigator.userAgent') },
  })
  // A refused one ends at the provider's form again, which is a page like any other.
  if (callback === '' || browser.page?.status !== 200) throw new Error(`${username} could not sign in`)
  const cookies = await browser.jar.store.getAllCookies()
  await page.context().addCookies(
    cookies.map((cookie) => ({
      name: cookie.key,
      value: cookie.value,
      domain: cookie.domain ?? '',
      path: cookie.path ?? '/',
      expires: expiryOf(cookie.expiryTime()),
      httpOnly: cookie.httpOnly,
      secure: cookie.secure,
      sameSite: SAME_SITE[String(cookie.sameSite)] ?? 'Lax',
    })),
  )
  await page.goto(url)
  await page.waitForURL(url)
}

/** Epoch seconds, and -1 for a cookie that lasts until the browser is closed. */
function expiryOf(epochMs: number | undefined): number {
  return epochMs !== undefined && Number.isFinite(epochMs) ? epochMs / 1_000 : -1
}

const SAME_SITE: Readonly<Record<string, 'Lax' | 'Strict' | 'None'>> = {
  lax: 'Lax',
  strict: 'Strict',
  none: 'None',
}

/** Somebody else, at a browser of their own. */
export async function openElsewhere(chromium: Chromium, url: string, username: string): Promise<Page> {
  const page = await (await chromium.openProfile()).newPage()
  await openSignedIn(page, url, username)
  return page
}

/** What the services say of the page's browser: asked from inside the page, as its scripts would. */
export async function statusOf(page: Page, path: string): Promise<number> {
  return page.evaluate(async (address) => {
    const answer = await fetch(address, { headers: { Accept: 'application/json' } })
    await answer.body?.cancel()
    return answer.status
  }, path)
}
