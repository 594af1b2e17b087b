import { setTimeout as pause } from 'node:timers/promises'
import { redisConnection } from '@curfew/contract'
import { Redis } from 'ioredis'
import type { Interruption } from './interruption.js'
import type { LogStore } from './store/log-store.js'
import { createStreamCopier, type Place } from './stream-copier.js'

/**
 * Keeps the log: copies the Redis stream into the store as it grows. It goes on where the store says that it was,
 * so that whatever crashes in between, nothing is missing and nothing is there twice.
 */
export interface Keeper {
  /** Connects. It reconnects by itself for as long as it is open. */
  open(): void
  /** Resolves when the batch that is under way is kept, or the store does not take it. */
  close(): Promise<void>
  /** Whether the stream is being read, and what was read last is kept. */
  readonly isKeeping: boolean
  stats(): KeeperStats
  /** How far it is. Null before it has begun. */
  place(): Place | null
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
  readonly store: Pick<LogStore, 'append' | 'appendAfter' | 'cursor'>
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
  const closing = new AbortController()
  let connection = 0
  let isKeeping = false
  let place: Place | null = null
  const stats = { kept: 0, gaps: 0, unreadable: 0 }
  let keeping: Promise<void> = Promise.resolve()

  const copier = createStreamCopier({
    redis,
    key,
    blockMs: BLOCK_MS,
    store: {
      cursor: store.cursor,
      append: (batch) => untilTaken(() => store.append(batch)),
      appendAfter: (after, batch) => untilTaken(() => store.appendAfter(after, batch)),
    },
    onKept(entries) {
      stats.kept += entries
    },
    onUnreadable(streamId) {
      stats.unreadable++
      onUnreadable(streamId)
    },
    onGap(gap) {
      stats.gaps++
      onGap(gap)
    },
  })

  redis.on('error', onError)
  redis.on('close', () => {
    isKeeping = false
  })
  redis.on('ready', () => {
    const mine = ++connection
    // One after the other, though a batch of the connection before may still be on its way to the disk.
    keeping = keeping.then(() => keep(() => closing.signal.aborted || mine !== connection))
  })

  /** Reads until its connection fails; the next one brings a `ready` of its own. */
  async function keep(isOver: () => boolean): Promise<void> {
    try {
      for (let at = await copier.start(); ; at = await copier.copySome(at)) {
        place = at
        if (isOver()) return
        isKeeping = true
      }
    } catch (error) {
      if (isOver()) return
      isKeeping = false
      onError(error)
      // A connection that is still up answered with an error, or the store did not say where it is: not at once again.
      if (redis.status === 'ready') setTimeout(() => takeAnother(isOver), RETRY_MS).unref()
    }
  }

  /** What was read is not read again: by the time that the store takes it, Redis may have lost it. */
  async function untilTaken<T>(append: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await append()
      } catch (error) {
        isKeeping = false
        onError(error)
      }
      await pause(RETRY_MS, undefined, { signal: closing.signal, ref: false })
    }
  }

  /** Not in the middle of connecting: to hang up then is for good. */
  function takeAnother(isOver: () => boolean): void {
    if (!isOver() && redis.status === 'ready') redis.disconnect(true)
  }

  return {
    open: () => void redis.connect().catch(onError),
    async close() {
      closing.abort()
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
