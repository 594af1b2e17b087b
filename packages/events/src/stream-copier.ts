import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { type Interruption, interruption } from './interruption.js'
import { BEFORE_THE_FIRST, compareIds, parseEntry, type StreamEntry } from './log-entries.js'
import type { LogStore } from './store/log-store.js'
import { type LogStreamInfo, lookAfter, type StreamLook } from './stream-info.js'

/** Copies the Redis stream into the store, some entries at a time. */
export interface StreamCopier {
  /** Where the store says that it was. */
  start(): Promise<Place>
  /** Copies what comes after a place, and waits some seconds for it where there is nothing yet. */
  copySome(at: Place): Promise<Place>
}

export interface Place {
  /** The stream is kept up to this id. */
  readonly upTo: string
  /** That is entry number so many of all that Redis ever had. A lower bound until it has met an end of the stream. */
  readonly index: number
}

export interface StreamCopierOptions {
  /** Of its own: a read waits. */
  readonly redis: Redis
  readonly key: string
  /** An entry that it does not take is not read again for that: it has to take it in the end, or to be closed. */
  readonly store: Pick<LogStore, 'append' | 'appendAfter' | 'cursor'>
  /** How long a read waits for an entry. Milliseconds. */
  readonly blockMs: number
  readonly onKept: (entries: number) => void
  readonly onUnreadable: (streamId: string) => void
  readonly onGap: (gap: Interruption) => void
}

/** So many at a time: a batch is one write to the disk, and what else this process has to do gets its turn between. */
const BATCH = 500

export function createStreamCopier(options: StreamCopierOptions): StreamCopier {
  const { redis, key, store, blockMs, onKept, onUnreadable, onGap } = options

  async function start(): Promise<Place> {
    const cursor = await store.cursor()
    const kept = cursor ?? BEFORE_THE_FIRST
    const stream = await lookAfter(redis, key, kept)
    if (stream.isAnother) return beginAgain(kept, kept, stream)
    const { firstId, lastId, added, length } = stream
    const trimmed = added - length
    // What is missing before another stream was said when it was taken up.
    if (cursor === BEFORE_THE_FIRST) return { upTo: kept, index: trimmed }
    // Of a stream that was trimmed to nothing the last one is gone, too.
    if (length === 0 && compareIds(lastId, kept) > 0) {
      const gap = trimmed > 0 ? { after: kept, before: lastId } : null
      return (await goOn(kept, lastId, [], gap)) ? { upTo: lastId, index: added } : start()
    }
    const isPastOurs = firstId !== null && compareIds(firstId, kept) > 0
    // Which one ours is can't be known any more; the first batch says that some may be missing.
    if (trimmed > 0 && isPastOurs) return { upTo: kept, index: trimmed - 1 }
    return { upTo: kept, index: kept === lastId ? added : trimmed }
  }

  async function copySome({ upTo, index }: Place): Promise<Place> {
    // One behind the other on this connection: Redis answers the rest right after the read, however long that waited.
    const [read, looked] = await Promise.allSettled([
      redis.xread('COUNT', BATCH, 'BLOCK', blockMs, 'STREAMS', key, upTo),
      Promise.all([lookAfter(redis, key, upTo), redis.xread('COUNT', 1, 'STREAMS', key, upTo)]),
    ])
    if (read.status === 'rejected') throw read.reason
    const entries = read.value?.[0]?.[1] ?? []
    const [first, last] = [entries[0], entries.at(-1)]
    if (looked.status === 'rejected') {
      await keepAside(entries)
      throw looked.reason
    }
    const [stream, next] = looked.value
    if (stream.isAnother) {
      // What it has is read again, in its order. What only the one before had is nowhere else.
      if (isDeepStrictEqual(first, next?.[0]?.[1]?.[0])) return beginAgain(upTo, upTo, stream)
      await keepAside(entries)
      return beginAgain(upTo, last?.[0] ?? upTo, stream)
    }
    if (first === undefined || last === undefined) return { upTo, index }
    const firstIndex = indexOfFirst(entries, stream) ?? index + 1
    const isPastOurs = stream.firstId === null || compareIds(stream.firstId, upTo) > 0
    const gap = isPastOurs && firstIndex > index + 1 ? { after: upTo, before: first[0] } : null
    if (await goOn(upTo, last[0], entries, gap))
      return { upTo: last[0], index: firstIndex - 1 + entries.length }
    // The other instance may not have come as far. What stands behind a gap waits for whoever says that.
    if (gap === null) await keepAside(entries)
    return start()
  }

  /** Redis lost the stream that was kept. Whatever there is now is read from its beginning, and known where it was kept. */
  async function beginAgain(cursor: string, after: string, stream: StreamLook): Promise<Place> {
    const { firstId, added, length } = stream
    const gap: Interruption | null =
      firstId === null ? null : { after, before: firstId, reason: 'stream-replaced' }
    const isSaid = await goOn(cursor, BEFORE_THE_FIRST, [], gap)
    return isSaid ? { upTo: BEFORE_THE_FIRST, index: added - length } : start()
  }

  /**
   * Keeps entries, and before them what is missing there, where the stream is kept up to `after`. False where it is
   * not: another instance was quicker, and has said what is missing.
   */
  async function goOn(
    after: string,
    upTo: string,
    entries: readonly StreamEntry[],
    gap: Interruption | null,
  ): Promise<boolean> {
    const said = gap === null ? [] : [interruption(gap)]
    const appended = await store.appendAfter(after, { entries: [...said, ...readable(entries)], upTo })
    if (appended === null) return false
    const isSaid = gap !== null && appended[0]?.json === said[0]?.json
    onKept(appended.length - Number(isSaid))
    if (isSaid) onGap(gap)
    return true
  }

  /** Leaves the cursor where it is: whoever goes on from there meets them again, and says what is missing or unreadable. */
  async function keepAside(entries: readonly StreamEntry[]): Promise<void> {
    const read = entries.flatMap((entry) => parseEntry(entry) ?? [])
    if (read.length > 0) onKept((await store.append({ entries: read })).length)
  }

  function readable(entries: readonly StreamEntry[]) {
    return entries.flatMap((entry) => {
      const parsed = parseEntry(entry)
      if (parsed === null) onUnreadable(entry[0])
      return parsed ?? []
    })
  }

  return { start, copySome }
}

/**
 * Which of all entries that Redis ever had the first of these is: counted from an end of the stream that is among them.
 * Null when none is, as while a keeper that is behind reads what is in the middle.
 */
function indexOfFirst(entries: readonly StreamEntry[], { firstId, lastId, added, length }: LogStreamInfo) {
  const atFirst = entries.findIndex(([id]) => id === firstId)
  if (atFirst >= 0) return added - length + 1 - atFirst
  return entries.at(-1)?.[0] === lastId ? added - entries.length + 1 : null
}
