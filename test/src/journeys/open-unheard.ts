import { eventually } from '@curfew/testing'
import type { Page, Route } from 'playwright-core'
import { newest, type openLog, untilKept } from './console-log.js'
import { openSignedIn } from './sign-in.js'

/**
 * Opens a log whose stream opens only after `missed` events. Resolves once it has asked for them.
 *
 * @param answer to the first question for them; once `hear` has resolved, something that is newer has been heard
 */
export async function openUnheard(
  page: Page,
  address: string,
  log: Awaited<ReturnType<typeof openLog>>,
  missed: number,
  answer: (route: Route, hear: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await log.write('before')
  await openSignedIn(page, new URL('/account', address).href, 'admin')
  // Nobody tells of it before the stream is open.
  await untilKept(page, address, 'before')
  const opening: Route[] = []
  let isOpen = false
  await page.route(isStream, (route) => (isOpen ? route.continue() : opening.push(route)))
  await page.goto(`${address}?user=grace`)
  await newest(page, 'before')
  const stream = await eventually(() => opening[0])
  await log.writeMany(missed, (i) => ({ reason: `n${i}`, at: new Date() }))
  // It shares the stream: what it hears the first page has heard.
  const other = await page.context().newPage()
  await untilKept(page, address, `n${missed - 1}`)
  await other.goto(`${address}?user=grace`)
  await newest(other, `n${missed - 1}`)

  const hear = async () => {
    await log.write('heard')
    await newest(other, 'heard')
    await page.waitForSelector(COUNTED_OR_SHOWN)
  }
  let answering: Promise<void> | undefined
  const onQuestion = (route: Route) => {
    answering = answer(route, hear)
  }
  await page.route(isNewest, onQuestion, { times: 1 })
  isOpen = true
  await stream.continue()
  await eventually(() => answering !== undefined, { within: 60_000 })
  await answering
}

/** A machine may be so slow that the question has been given up, and asked again, by then. */
const COUNTED_OR_SHOWN = '#log-news:has-text("1 new event"), .log-row:has-text("heard")'

const isStream = (url: URL) => url.pathname === '/events/stream'
const isNewest = (url: URL) => url.pathname === '/events' && !url.searchParams.has('before')
