import { type CurfewEvent, parseEvent } from '@curfew/contract'
import type { Log } from '@curfew/service'
import type { Redis } from 'ioredis'

export interface OutboxOptions {
  readonly redis: Redis
  /** The hash in which a change leaves its facts, in the same step. */
  readonly key: string
  /** `guard.recordFact`. */
  readonly record: (fact: CurfewEvent) => Promise<void>
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
}

export type Outbox = ReturnType<typeof createOutbox>

/**
 * Facts between a change and the event log.
 *
 * Projects and the log may lie on different nodes of a cluster, so no transaction spans both. Telling the
 * log first would tell of changes that then fail; telling it last would forget some. So a change leaves
 * its facts here in its own atomic step, and from here they are handed over: at once, or when the log can
 * be reached again. A fact may be handed over twice, with the same id, and is never lost.
 */
export function createOutbox({ redis, key, record, log, now }: OutboxOptions) {
  /** Never fails: the change is done, and its facts are safe here. */
  async function handOver(facts: readonly CurfewEvent[]): Promise<void> {
    try {
      for (const fact of facts) {
        await record(fact)
        await redis.hdel(key, fact.id)
      }
    } catch (error) {
      log.warn('fact.delayed', { facts: facts.map(({ id }) => id), error })
    }
  }

  /** Hands over what was left behind: by an outage, or by a process that died. */
  async function sweep(): Promise<void> {
    try {
      const waiting = (await redis.hvals(key)).flatMap((json) => parseEvent(json) ?? [])
      const overdue = waiting.filter(({ time }) => Date.parse(time) < now() - OVERDUE_MS)
      await handOver(overdue.sort((a, b) => a.time.localeCompare(b.time)))
    } catch (error) {
      log.debug('outbox.unreachable', { error })
    }
  }

  return { handOver, sweep }
}

/** A younger one is being handed over right now, by whoever wrote it. */
const OVERDUE_MS = 5_000
