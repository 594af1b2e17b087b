import type { CurfewEvent } from '@curfew/contract'
import type { EventFilter } from '../../src/event-filter.js'
import type { Answer } from '../ask.js'
import { askForAll, LARGEST_PAGE } from './log-pages.js'
import { MOST_LINES } from './shown-lines.js'

export interface Newer {
  /** Newest first. */
  readonly events: readonly CurfewEvent[]
  /** Nothing newer is missing: what happens from `position` on is heard live. */
  readonly isNow: boolean
  readonly position: string
}

export interface NewerReader {
  /** The next ones in time. Not again before it has answered. */
  read(): Promise<Answer<Newer>>
  /** It asks for everything up to now: what the stream tells meanwhile is to be kept. */
  readonly isJoining: boolean
}

/** Times are no finer. */
const SHORTEST_MS = 1
const FIRST_MS = 60_000
/** So many are handed over at once, unless a single millisecond has more: then as many as a page keeps. */
const MOST = LARGEST_PAGE

/**
 * Reads the log onwards from a time. The service answers newest first, so it is asked for spans of time: shorter ones
 * where much happened, longer ones where little did.
 */
export function createNewerReader(filter: EventFilter, from: number): NewerReader {
  let reached = Math.max(from, filter.from ?? 0)
  let spanMs = FIRST_MS
  let isJoining = false

  async function read(): Promise<Answer<Newer>> {
    for (;;) {
      const now = Date.now()
      isJoining = reached + spanMs >= now
      const to = isJoining ? filter.to : Math.min(reached + spanMs, filter.to ?? Number.POSITIVE_INFINITY)
      const most = spanMs > SHORTEST_MS ? MOST : MOST_LINES
      const answer = await askForAll({ ...filter, from: reached, to }, most)
      if (!answer.ok) return answer
      const { events, isMore, position } = answer.body
      if (isMore && spanMs > SHORTEST_MS) {
        spanMs = Math.max(SHORTEST_MS, Math.floor(spanMs / 8))
        continue
      }
      const isEnd = isJoining || (filter.to !== undefined && reached + spanMs >= filter.to)
      reached += spanMs
      if (events.length === 0 && !isEnd) {
        spanMs *= 8
        continue
      }
      // Who scrolls up should not wait for each screenful.
      if (events.length < MOST / 4) spanMs *= 2
      return { ...answer, body: { events, isNow: isEnd && !isMore, position } }
    }
  }

  return {
    read,
    get isJoining() {
      return isJoining
    },
  }
}
