import { redisConnection } from '@curfew/contract'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { BEFORE_THE_FIRST, compareIds, parseEntry, type StreamEntry } from './log-entries.js'
import type { LogStore } from './store/log-store.js'

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
}

export interface KeeperOptions {
  readonly redisUrl: string
  /** The key of the stream. */
  readonly key: string
  readonly store: Pick<LogStore, 'append' | 'cursor'>
  /** An entry that holds no event this version knows: it is passed over. */
  readonly onUnreadable: (streamId: string) => void
  /** Redis may have forgotten entries that were not kept yet: they stood between these stream ids. */
  readonly onGap: (after: string, before: string) => void
  /** The stream ends before what is kept: Redis lost something. What is there is read again from its beginning. */
  readonly onShortened: () => void
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
  const { redisUrl, key, store, onUnreadable, onGap, onShortened, onError } = options
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
      let position = await startingPoint()
      isKeeping = !isOver()
      while (!isOver()) {
        const reply = await redis.xread('COUNT', BATCH, 'BLOCK', BLOCK_MS, 'STREAMS', key, position)
        const entries = reply?.[0]?.[1] ?? []
        const last = entries.at(-1)
        if (last === undefined) continue
        await store.append({ entries: readable(entries), upTo: last[0] })
        position = last[0]
      }
    } catch (error) {
      if (isOver()) return
      isKeeping = false
      onError(error)
      // A connection that is still up answered with an error, or the store could not take it: not at once again.
      if (redis.status === 'ready') setTimeout(() => takeAnother(isOver), RETRY_MS).unref()
    }
  }

  /** Not in the middle of connecting: to hang up then is for good. */
  function takeAnother(isOver: () => boolean): void {
    if (!isOver() && redis.status === 'ready') redis.disconnect(true)
  }

  async function startingPoint(): Promise<string> {
    const kept = (await store.cursor()) ?? BEFORE_THE_FIRST
    const stream = await lookAtStream()
    if (compareIds(stream.lastId, kept) < 0) {
      onShortened()
      return BEFORE_THE_FIRST
    }
    const { firstId } = stream
    if (stream.hasForgotten && firstId !== null && compareIds(firstId, kept) > 0) onGap(kept, firstId)
    return kept
  }

  async function lookAtStream() {
    try {
      const info = await redis.xinfo('STREAM', key)
      const facts = StreamInfo.parse(factsIn(z.array(z.unknown()).parse(info)))
      return {
        firstId: facts['first-entry']?.[0] ?? null,
        lastId: facts['last-generated-id'],
        hasForgotten: facts['entries-added'] > facts.length,
      }
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('no such key'))) throw error
      return { firstId: null, lastId: BEFORE_THE_FIRST, hasForgotten: false }
    }
  }

  function readable(entries: readonly StreamEntry[]) {
    return entries.flatMap((entry) => {
      const parsed = parseEntry(entry)
      if (parsed === null) onUnreadable(entry[0])
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
  }
}

/** Redis 7 and newer. */
const StreamInfo = z.object({
  length: z.number(),
  'entries-added': z.number(),
  'first-entry': z.tuple([z.string()], z.unknown()).nullable(),
  'last-generated-id': z.string(),
})

/** Names and values in turn. */
function factsIn(list: readonly unknown[]): Record<string, unknown> {
  const facts: Record<string, unknown> = {}
  for (let i = 0; i + 1 < list.length; i += 2) facts[String(list[i])] = list[i + 1]
  return facts
}
