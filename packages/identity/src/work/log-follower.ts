import { type CurfewEvent, type Keys, parseEvent } from '@curfew/contract'
import { isStoreUnavailable } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'

/** Entries read in one go. */
const BATCH = 100

/** An entry that can't be handled is passed after so many: what comes behind it must not wait for ever. */
const MOST_TRIES = 3

/**
 * How often the log is read. Not by a read that blocks, which would be answered with each sign-off: just then its
 * acknowledgements come, and whoever waits for them would share the processor with work that has time, and Redis would be
 * held up by the writes that this work makes, each for a sync of its disk. Milliseconds.
 */
const READ_EVERY_MS = 200

export interface LogFollowerOptions {
  /** For commands. */
  readonly redis: Redis
  /** A connection of its own, that waits for Redis as long as it takes. */
  readonly reader: Redis
  readonly keys: Keys
  /** Names the stored cursor. */
  readonly consumer: string
  /** Must be right when it is called twice with the same event. */
  handle(event: CurfewEvent): Promise<void>
  onError(error: unknown): void
}

/**
 * Hands every event of the log to `handle`, in order, from a stored cursor on: nothing is lost when the
 * process dies between a script and a queue, since the cursor moves only afterwards.
 *
 * Runs until the signal fires. When Redis goes away it waits, and goes on where it was. An entry that
 * fails for another reason is reported with each try, and given up after the last one.
 */
export async function followLog(options: LogFollowerOptions, signal: AbortSignal): Promise<void> {
  const { redis, reader, keys, consumer, handle, onError } = options
  const cursorKey = keys.cursor(consumer)
  let failing = { id: '', tries: 0 }

  while (!signal.aborted) {
    try {
      let cursor = (await redis.get(cursorKey)) ?? '0-0'
      while (!signal.aborted) {
        const entries = parseReply(await reader.xread('COUNT', BATCH, 'STREAMS', keys.log, cursor))
        for (const { id, event } of entries) {
          if (event) await tryToHandle(id, event)
          cursor = id
        }
        if (entries.length > 0) await redis.set(cursorKey, cursor)
        if (entries.length < BATCH) await pause(signal, READ_EVERY_MS)
      }
    } catch (error) {
      if (signal.aborted) return
      onError(error)
      await pause(signal)
    }
  }

  async function tryToHandle(id: string, event: CurfewEvent): Promise<void> {
    try {
      await handle(event)
    } catch (error) {
      if (signal.aborted || isRedisError(error)) throw error
      failing = { id, tries: failing.id === id ? failing.tries + 1 : 1 }
      if (failing.tries < MOST_TRIES) throw error
      onError(new Error(`gave up the log's entry ${id} after ${MOST_TRIES} tries`, { cause: error }))
      // At once: when a later one fails, reading begins behind this one.
      await redis.set(cursorKey, id)
    }
  }
}

/** Whatever Redis answers: a command that it refuses now it may take later. */
function isRedisError(error: unknown): boolean {
  return isStoreUnavailable(error) || (error instanceof Error && error.name === 'ReplyError')
}

/** Redis is away: asking again at once would be a busy loop. */
const RETRY_MS = 500

export function pause(signal: AbortSignal, ms = RETRY_MS): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)

    function end(): void {
      clearTimeout(timer)
      // Or the signal, which lives as long as the process, would collect one for each pause.
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}

const Entries = z.array(z.tuple([z.string(), z.array(z.string())]))
/** RESP2 gives pairs, RESP3 a map, which ioredis makes pairs of again. */
const Reply = z.array(z.tuple([z.string(), Entries])).nullable()

function parseReply(reply: unknown): Array<{ id: string; event: CurfewEvent | null }> {
  const streams = Reply.parse(reply) ?? []
  return streams.flatMap(([, entries]) =>
    entries.map(([id, [, json]]) => ({ id, event: json === undefined ? null : parseEvent(json) })),
  )
}
