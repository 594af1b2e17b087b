import { DEMO_PASSWORD } from '@curfew/infra'
import type { Page } from 'playwright-core'
import type { Chromium } from '../chromium.js'

/** Fills in the development provider's sign-in page. The page must be at it, or on its way there. */
export async function signInAtProvider(page: Page, username: string): Promise<void> {
  await page.waitForSelector('#username')
  await page.fill('#username', username)
  await page.fill('#password', DEMO_PASSWORD)
  await page.click('form button.primary')
}

/** Opens a page as somebody who is not signed in yet, signs in, and is back at it. */
export async function openSignedIn(page: Page, url: string, username: string): Promise<void> {
  await page.goto(url)
  await signInAtProvider(page, username)
  await page.waitForURL(url)
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
