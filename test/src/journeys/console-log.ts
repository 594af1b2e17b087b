import { createEvent, type EventData, type EventType, keysOf, ownerOf, parseEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { Redis } from 'ioredis'
import type { Page } from 'playwright-core'
import { drawn } from '../chromium.js'
import { openSignedIn } from './sign-in.js'

/** Something to watch, without anybody doing it. Resolves once nothing comes into the log any more by itself. */
export async function openLog(redisUrl: string) {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const { log, members } = keysOf('curfew')
  await eventually(
    async () => {
      const entries = await redis.xrange(log, '-', '+')
      const events = entries.flatMap(([, [, json = '']]) => parseEvent(json) ?? [])
      const joined = events.flatMap(({ type, data }) => (type === 'instance.joined' ? data['instance'] : []))
      return (await redis.hkeys(members)).every((instance) => joined.includes(instance))
    },
    { within: 60_000 },
  )
  const eventOf = (reason: string, type: EventType, more: Partial<EventData>, at: Date) => {
    const data = { actor: 'system', subjectName: 'Grace', ...(reason && { reason }), ...more }
    return JSON.stringify(createEvent(ownerOf(type), type, 'grace', data, at))
  }
  return {
    write: async (
      reason: string,
      type: EventType = 'session.expired',
      more: Partial<EventData> = {},
      at = new Date(),
    ) => {
      await redis.xadd(log, '*', 'event', eventOf(reason, type, more, at))
    },
    /** An event of a newer version. */
    writeNewer: async (type: string) => {
      const json = eventOf('', 'project.created', {}, new Date()).replace('project.created', type)
      await redis.xadd(log, '*', 'event', json)
    },
    /** From 0 on, one after the other, as quickly as Redis takes them. */
    writeMany: async (
      count: number,
      of: (index: number) => { readonly reason: string; readonly at: Date },
    ) => {
      const adding = Array.from({ length: count }, (_, index) => {
        const { reason, at } = of(index)
        return redis.xadd(log, '*', 'event', eventOf(reason, 'session.expired', {}, at))
      })
      await Promise.all(adding)
    },
    /** Takes away all that is on its way to the log. */
    forget: async () => {
      await redis.xtrim(log, 'MAXLEN', 0)
    },
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  }
}

/** One request of somebody, that can be followed. */
export const BY_GRACE = { correlationId: 'c-0123456789', actor: 'u-grace', actorName: 'Grace' }

/** Opens an area of the console by way of the log: whatever happens from now on is heard there. */
export async function openHearing(page: Page, address: string, area: 'users'): Promise<void> {
  await openSignedIn(page, address, 'admin')
  await page.waitForSelector('#log-state:text-is("Live")')
  await page.click(`#${area}-tab`)
}

export const lines = (page: Page) => page.locator('#log-list .log-row')
/** The first line of the log. Only those in sight are on the page, and the newest is. */
export const newest = async (page: Page, text: string): Promise<void> => {
  await page.waitForSelector(`#log-list .log-row[aria-rowindex="2"]:has-text("${text}")`)
}
export const scrollTo = (page: Page, top: number) =>
  page.locator('#log-list').evaluate((list, to) => list.scrollTo({ top: to }), top)

/** The log has it, and all before it. */
export async function untilKept(page: Page, origin: string, reason: string): Promise<void> {
  const address = new URL('/events?user=grace&limit=1', origin).href
  await eventually(async () => (await (await page.request.get(address)).text()).includes(`"${reason}"`), {
    within: 120_000,
  })
}

/** The reasons of all events, from the newest to the oldest: what is out of sight is brought into it. */
export async function reasonsOnPage(page: Page, wanted: RegExp): Promise<string[]> {
  await untilNothingOlder(page)
  const { height, step } = await page
    .locator('#log-list')
    .evaluate((list) => ({ height: list.scrollHeight, step: list.clientHeight / 2 }))
  const byRow = new Map<number, string>()
  for (let top = 0; top <= height; top += step) {
    await scrollTo(page, top)
    await drawn(page)
    const seen = await lines(page).evaluateAll((rows) =>
      rows.map(
        (row) =>
          [Number(row.getAttribute('aria-rowindex')), row.querySelector('.log-why')?.textContent] as const,
      ),
    )
    for (const [index, reason] of seen) if (reason && wanted.test(reason)) byRow.set(index, reason)
  }
  return [...byRow.entries()].sort(([a], [b]) => a - b).map(([, reason]) => reason)
}

/** All that is older is loaded: before that nobody knows how many lines there are. */
async function untilNothingOlder(page: Page): Promise<void> {
  await eventually(
    async () => {
      await scrollTo(page, Number.MAX_SAFE_INTEGER)
      return (await page.getAttribute('#log-list', 'aria-rowcount')) !== '-1'
    },
    { within: 120_000 },
  )
}
