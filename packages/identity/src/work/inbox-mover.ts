import { type CurfewEvent, type Keys, ownerOf, parseEvent } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { pause } from './log-follower.js'
import { MOVE_FACT } from './scripts.js'

const BATCH = 100

/** How long a look into the inboxes waits; also how soon the inbox of a new service is found. Milliseconds. */
const BLOCK_MS = 1_000

export interface InboxMoverOptions {
  readonly redis: Redis
  /** A connection of its own: it spends its life in blocking reads. */
  readonly reader: Redis
  readonly keys: Keys
  onError(error: unknown): void
}

/**
 * Moves what services hand in into the log. A service may speak for itself alone, and of what is its own:
 * a fact that names another source, is of a type that another service owns, or is no event, is dropped
 * and reported.
 *
 * Any number of identity processes may do this at the same time.
 */
export async function moveInboxes(options: InboxMoverOptions, signal: AbortSignal): Promise<void> {
  const { redis, reader, keys, onError } = options

  while (!signal.aborted) {
    try {
      const services = await redis.smembers(keys.inboxes)
      if (services.length === 0) {
        await pause(signal)
        continue
      }
      const inboxes = services.map(keys.inbox)
      const waiting = Reply.parse(
        await reader.xread(
          'COUNT',
          BATCH,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          ...inboxes,
          ...inboxes.map(() => '0-0'),
        ),
      )
      for (const [inbox, entries] of waiting ?? []) {
        const service = services[inboxes.indexOf(inbox)] ?? ''
        for (const [id, [, json = '']] of entries) {
          const fact = factOf(json, service)
          if (fact === null) onError(new Error(`dropped a fact from ${service} that is not one of its own`))
          await evaluate(
            redis,
            MOVE_FACT,
            [inbox, keys.log, keys.moved(fact?.id ?? id)],
            [id, fact ? JSON.stringify(fact) : ''],
          )
        }
      }
    } catch (error) {
      if (signal.aborted) return
      onError(error)
      await pause(signal)
    }
  }
}

const Reply = z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.array(z.string())]))])).nullable()

/** More than a service ever has to say. In bytes. */
const LONGEST_FACT = 8_192

/** Ids become the names of keys and of jobs. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

function factOf(json: string, service: string): CurfewEvent | null {
  // What identity has to say, it writes into the log by itself.
  if (service === 'identity' || Buffer.byteLength(json) > LONGEST_FACT) return null
  const event = parseEvent(json)
  if (event === null || event.source !== `/${service}` || ownerOf(event.type) !== service) return null
  // Nobody but the scripts of identity numbers an event.
  if (event.sequence !== undefined || !UUID.test(event.id)) return null
  return event
}
