import type { Redis } from 'ioredis'
import type { Keeper } from './keeper.js'
import { momentOf, parseEntry, type StreamEntry } from './log-entries.js'
import { streamedMsOf } from './store/event-facts.js'
import { lookAtStream } from './stream-info.js'

/** How far the store is behind the stream. */
export interface KeeperLag {
  /** At most: while a keeper that has just begun catches up, some of them may be kept already. */
  readonly entries: number
  /** Since the oldest of them came into the stream; 0 when there is none. */
  readonly seconds: number
}

export interface KeeperLagOptions {
  readonly redis: Pick<Redis, 'xinfo' | 'xread'>
  readonly key: string
  readonly keeper: Pick<Keeper, 'place'>
  readonly now?: () => number
}

/** Null before the keeper has begun. */
export async function keeperLag(options: KeeperLagOptions): Promise<KeeperLag | null> {
  const { redis, key, keeper, now = Date.now } = options
  const { lastId, added } = await lookAtStream(redis, key)
  const place = keeper.place()
  if (place === null) return null
  if (place.upTo === lastId) return { entries: 0, seconds: 0 }
  const waiting = await redis.xread('COUNT', 1, 'STREAMS', key, place.upTo)
  const oldest = waiting?.[0]?.[1]?.[0]
  if (oldest === undefined) return { entries: 0, seconds: 0 }
  return {
    entries: Math.max(1, added - place.index),
    seconds: Math.max(0, (now() - (takenAt(oldest) ?? now())) / 1_000),
  }
}

/** Null when nothing of it tells. */
function takenAt(entry: StreamEntry): number | null {
  const read = parseEntry(entry)
  return read === null ? momentOf(entry[0]) : streamedMsOf(read)
}
