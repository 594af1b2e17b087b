import { redisConnection } from '@curfew/contract'
import { Redis } from 'ioredis'
import { type Interruption, interruption } from './interruption.js'
import { BEFORE_THE_FIRST, compareIds, parseEntry, type StreamEntry } from './log-entries.js'
import type { LogStore } from './store/log-store.js'
import { type LogStreamInfo, lookAfter } from './stream-info.js'

/**
 * Keeps the log: copies the Redis stream into the store as it grows. It goes on where the store says that it was,
 * so that whatever crashes in between, nothing is missing and nothing is there twice.
 */
export interface Keeper {
  /** Connects. It reconnects by itself for as long as it is open. */
  open(): void
  /** Resolves when the batch that is under way is kept. */
  close(): Promise<void>
  /** Whether the stream is being read, and what was read last is kept. */
  readonly isKeeping: boolean
  stats(): KeeperStats
  /** How far it is. Null before it has begun. */
  place(): KeeperPlace | null
}

export interface KeeperPlace {
  /** The stream is kept up to this id. */
  readonly upTo: string
  /** That is entry number so many of all that Redis ever had. A lower bound until it has met an end of the stream. */
  readonly index: number
}

/** Since this process began. */
export interface KeeperStats {
  /** Events that this process has put into the store. */
  readonly kept: number
  /** Times that facts were missing, or may have been. */
  readonly gaps: number
  /** Entries that held no event. */
  readonly unreadable: number
}

export interface KeeperOptions {
  readonly redisUrl: string
  /** The key of the stream. */
  readonly key: string
  readonly store: Pick<LogStore, 'append' | 'cursor'>
  /** An entry that holds no event: it is passed over. */
  readonly onUnreadable: (streamId: string) => void
  /** Redis has forgotten entries that were not kept yet, or may have lost some. The log says so. */
  readonly onGap: (gap: Interruption) => void
  readonly onError: (error: unknown) => void
}

/** How long one `XREAD` waits for an entry. Milliseconds. */
const BLOCK_MS = 5_000
/** An answer that is this late will not come: the connection was cut without a word. Milliseconds. */
const COMMAND_TIMEOUT_MS = BLOCK_MS + 2_000
/** So many at a time: a batch is one write to the disk, and what else this process has to do gets its turn between. */
const BATCH = 500
const RETRY_MS = 500

export function createKeeper(options: KeeperOptions): Keeper {
  const { redisUrl, key, store, onUnreadable, onGap, onError } = options
  // No queue and no resending: a read is asked anew from the position, which only this loop moves.
  const redis = new Redis({
    ...redisConnection(redisUrl),
    connectionName: 'events-keeper',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_MS),
  })
  let connection = 0
  let isClosed = false
  let isKeeping = false
  let place: KeeperPlace | null = null
  const stats = { kept: 0, gaps: 0, unreadable: 0 }
  let keeping: Promise<void> = Promise.resolve()

  redis.on('error', onError)
  redis.on('close', () => {
    isKeeping = false
  })
  redis.on('ready', () => {
    const mine = ++connection
    // One after the other, though a batch of the connection before may still be on its way to the disk.
    keeping = keeping.then(() => keep(() => isClosed || mine !== connection))
  })

  /** Reads until its connection fails; the next one brings a `ready` of its own. */
  async function keep(isOver: () => boolean): Promise<void> {
    try {
      for (let at = await startingPoint(); ; at = await keepSome(at)) {
        place = at
        if (isOver()) return
        isKeeping = true
      }
    } catch (error) {
      if (isOver()) return
      isKeeping = false
      onError(error)
      // A connection that is still up answered with an error, or the store could not take it: not at once again.
      if (redis.status === 'ready') setTimeout(() => takeAnother(isOver), RETRY_MS).unref()
    }
  }

  async function keepSome({ upTo, index }: KeeperPlace): Promise<KeeperPlace> {
    // One behind the other on this connection: Redis answers the look right after the read, however long that waited.
    const [reply, stream] = await Promise.all([
      redis.xread('COUNT', BATCH, 'BLOCK', BLOCK_MS, 'STREAMS', key, upTo),
      lookAfter(redis, key, upTo),
    ])
    if (stream.isAnother) return await beginAgain(upTo, stream)
    const entries = reply?.[0]?.[1] ?? []
    const [first, last] = [entries[0], entries.at(-1)]
    if (first === undefined || last === undefined) return { upTo, index }
    const firstIndex = indexOfFirst(entries, stream) ?? index + 1
    const isPastOurs = stream.firstId === null || compareIds(stream.firstId, upTo) > 0
    if (isPastOurs && firstIndex > index + 1) await tellGap({ after: upTo, before: first[0] })
    const appended = await store.append({ entries: readable(entries), upTo: last[0] })
    stats.kept += appended.length
    return { upTo: last[0], index: firstIndex - 1 + entries.length }
  }

  /** Not in the middle of connecting: to hang up then is for good. */
  function takeAnother(isOver: () => boolean): void {
    if (!isOver() && redis.status === 'ready') redis.disconnect(true)
  }

  async function startingPoint(): Promise<KeeperPlace> {
    const kept = (await store.cursor()) ?? BEFORE_THE_FIRST
    const stream = await lookAfter(redis, key, kept)
    if (stream.isAnother) return beginAgain(kept, stream)
    const { added, length, lastId } = stream
    const before = stream.firstId ?? lastId
    if (added > length && compareIds(before, kept) > 0) await tellGap({ after: kept, before })
    // Of a stream that was trimmed to nothing the last one is gone, too.
    return length === 0 && compareIds(lastId, kept) > 0
      ? { upTo: lastId, index: added }
      : { upTo: kept, index: kept === lastId ? added : added - length }
  }

  /** Redis lost the stream that was kept. Whatever there is now is read from its beginning, and known where it was kept. */
  async function beginAgain(after: string, { firstId, added, length }: LogStreamInfo): Promise<KeeperPlace> {
    if (firstId !== null) await tellGap({ after, before: firstId, reason: 'stream-replaced' })
    return { upTo: BEFORE_THE_FIRST, index: added - length }
  }

  /** Where they are missing, and before what comes after them. */
  async function tellGap(gap: Interruption): Promise<void> {
    const appended = await store.append({ entries: [interruption(gap)] })
    // Another instance may have been the first to see it.
    if (appended.length === 0) return
    stats.gaps++
    onGap(gap)
  }

  function readable(entries: readonly StreamEntry[]) {
    return entries.flatMap((entry) => {
      const parsed = parseEntry(entry)
      if (parsed === null) {
        stats.unreadable++
        onUnreadable(entry[0])
      }
      return parsed ?? []
    })
  }

  return {
    open: () => void redis.connect().catch(onError),
    async close() {
      isClosed = true
      isKeeping = false
      redis.disconnect()
      await keeping
    },
    get isKeeping() {
      return isKeeping
    },
    stats: () => ({ ...stats }),
    place: () => place,
  }
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
