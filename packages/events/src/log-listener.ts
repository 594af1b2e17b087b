import { redisConnection } from '@curfew/contract'
import { Redis } from 'ioredis'
import { BEFORE_THE_FIRST, compareIds, type StreamEntry } from './log-entries.js'

/** The one wire of this process on which the log is heard as it grows, however many watch it. */
export interface LogListener {
  /** Connects. It reconnects by itself for as long as it is open, and goes on from where it was. */
  open(): void
  close(): void
  /** The last entry that was heard; null until Redis was reached for the first time. */
  readonly position: string | null
}

export interface LogListenerOptions {
  readonly redisUrl: string
  /** The key of the stream. */
  readonly key: string
  /** In the order of the log, none left out and none twice. */
  readonly onEntries: (entries: readonly StreamEntry[]) => void
  /** Redis was reached for the first time: from here on nothing is missed. */
  readonly onListening: () => void
  /** The log ends before what was heard: Redis lost something, and where anybody stood means nothing now. */
  readonly onShortened: () => void
  readonly onError: (error: Error) => void
}

/** How long one `XREAD` waits for an entry. Milliseconds. */
const BLOCK_MS = 5_000
/** An answer that is this late will not come: the connection was cut without a word. Milliseconds. */
const COMMAND_TIMEOUT_MS = BLOCK_MS + 2_000
/** So many at a time that what else this process has to do gets its turn between. */
const BATCH = 200
const RETRY_MS = 500

export function createLogListener(options: LogListenerOptions): LogListener {
  const { redisUrl, key, onEntries, onListening, onShortened, onError } = options
  // No queue and no resending: a read is asked anew from the position, which only this loop moves.
  const redis = new Redis({
    ...redisConnection(redisUrl),
    connectionName: 'events-listener',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_MS),
  })
  let position: string | null = null
  let connection = 0
  let closed = false

  redis.on('error', onError)
  redis.on('ready', () => void listen(++connection))

  /** Listens until its connection fails; the next one brings a `ready` of its own. */
  async function listen(mine: number): Promise<void> {
    const isOver = () => closed || mine !== connection
    try {
      await findPosition(isOver)
      while (!isOver()) {
        const reply = await redis.xread(
          'COUNT',
          BATCH,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          key,
          position ?? BEFORE_THE_FIRST,
        )
        if (isOver()) return
        const entries = reply?.[0]?.[1] ?? []
        position = entries.at(-1)?.[0] ?? position
        if (entries.length > 0) onEntries(entries)
      }
    } catch (error) {
      if (isOver()) return
      onError(error instanceof Error ? error : new Error(String(error)))
      // A connection that is still up answered with an error, or not at all: take another, but not at once.
      if (redis.status === 'ready') setTimeout(() => takeAnother(isOver), RETRY_MS).unref()
    }
  }

  /** Not in the middle of connecting: to hang up then is for good. */
  function takeAnother(isOver: () => boolean): void {
    if (!isOver() && redis.status === 'ready') redis.disconnect(true)
  }

  async function findPosition(isOver: () => boolean): Promise<void> {
    const [newest] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
    if (isOver()) return
    const end = newest?.[0] ?? BEFORE_THE_FIRST
    if (position === null) {
      position = end
      onListening()
    } else if (compareIds(end, position) < 0) {
      position = end
      onShortened()
    }
  }

  return {
    open: () => void redis.connect().catch(onError),
    close() {
      closed = true
      redis.disconnect()
    },
    get position() {
      return position
    },
  }
}
