import type { CurfewEvent } from '@curfew/contract'
import type { Redis } from 'ioredis'
import { matches } from '#browser/event-filter.js'
import {
  BEFORE_THE_FIRST,
  encodeCursor,
  LAST_POSSIBLE,
  type LogEntry,
  parseEntry,
  type StreamEntry,
} from './log-entries.js'
import type { PageQuery } from './log-query.js'

export interface LogPage {
  /** Newest first. */
  readonly events: readonly CurfewEvent[]
  /** A cursor for `before`, or null when nothing older fits. A page may be empty and still have one. */
  readonly next: string | null
  /** A cursor of where the log ended when it was read: what comes after it is in no page yet. */
  readonly position: string
}

export interface LogReader {
  page(query: PageQuery): Promise<LogPage>
  /** Entries after `id`, oldest first, at most `count`; fewer only at the end of the log. */
  after(id: string, count: number): Promise<readonly StreamEntry[]>
  /** The oldest and the newest entry that are still there; null in an empty log. */
  ends(): Promise<{ readonly first: string; readonly last: string } | null>
}

export interface LogReaderOptions {
  readonly redis: Redis
  /** The key of the stream. */
  readonly key: string
  /** One call looks at no more entries than this, however rarely the filter fits. @default 10_000 */
  readonly mostScanned?: number
}

/** Events may be written with the clock of another machine, and moved to the log later: never judge to the second. */
const CLOCK_SLACK_MS = 60 * 60 * 1000

const CHUNK = 500

/**
 * Reads the log, newest first.
 *
 * `XREVRANGE` in chunks: an event that comes in meanwhile is newer than any cursor that was given out, so
 * it moves no page and repeats none.
 */
export function createLogReader({ redis, key, mostScanned = 10_000 }: LogReaderOptions): LogReader {
  async function page({ filter, before, after, limit }: PageQuery): Promise<LogPage> {
    const found: LogEntry[] = []
    const lowest = after === undefined ? '-' : `(${after}`
    const plain = Object.values(filter).every((value) => value === undefined)
    let highest = before === undefined ? '+' : `(${before}`
    let scanned = 0
    let position = before
    // Redis refuses these two as the open end of a range, since nothing can lie beyond them.
    if (before === BEFORE_THE_FIRST || after === LAST_POSSIBLE)
      return pageOf(found, before ?? after ?? BEFORE_THE_FIRST, null)

    for (;;) {
      const count = Math.min(plain ? limit + 1 : CHUNK, mostScanned - scanned)
      const chunk = await redis.xrevrange(key, highest, lowest, 'COUNT', count)
      position ??= chunk[0]?.[0] ?? after ?? BEFORE_THE_FIRST
      for (const entry of chunk) {
        if (isBefore(entry, filter.from)) return pageOf(found, position, null)
        const parsed = parseEntry(entry)
        if (parsed === null || !matches(filter, parsed.event)) continue
        // One more than asked for was looked for, to know whether there is a next page.
        if (found.length === limit) return pageOf(found, position, found.at(-1)?.id ?? null)
        found.push(parsed)
      }
      const last = chunk.at(-1)
      if (last === undefined || chunk.length < count) return pageOf(found, position, null)
      scanned += chunk.length
      if (scanned >= mostScanned) return pageOf(found, position, last[0])
      highest = `(${last[0]}`
    }
  }

  return {
    page,
    after: (id, count) => redis.xrange(key, `(${id}`, '+', 'COUNT', count),
    async ends() {
      const [[first], [last]] = await Promise.all([
        redis.xrange(key, '-', '+', 'COUNT', 1),
        redis.xrevrange(key, '+', '-', 'COUNT', 1),
      ])
      return first && last ? { first: first[0], last: last[0] } : null
    },
  }
}

function pageOf(found: readonly LogEntry[], position: string, next: string | null): LogPage {
  return {
    events: found.map(({ event }) => event),
    next: next === null ? null : encodeCursor(next),
    position: encodeCursor(position),
  }
}

/** Whether the entry was written so long before `from` that neither it nor an older one can fit. */
function isBefore([id]: StreamEntry, from: number | undefined): boolean {
  return from !== undefined && Number(id.slice(0, id.indexOf('-'))) < from - CLOCK_SLACK_MS
}
