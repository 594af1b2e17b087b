import { type CurfewEvent, parseEvent } from '@curfew/contract'
import type { Log } from '@curfew/service'
import type { Redis } from 'ioredis'
import type { ProjectKeys } from './keys.js'

export interface OutboxOptions {
  readonly redis: Redis
  readonly keys: Pick<ProjectKeys, 'outbox' | 'sweeping'>
  /** `guard.recordFact`. */
  readonly record: (fact: CurfewEvent) => Promise<void>
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * Facts between a change and the event log.
 *
 * Projects and the log may lie on different nodes of a cluster, so no transaction spans both. Telling the
 * log first would tell of changes that then fail; telling it last would forget some. So a change leaves
 * its facts here in its own atomic step, and from here they are handed over: at once, or when the log can
 * be reached again. A fact is never lost; after a crash it may be handed over twice, with the same id.
 */
export function createOutbox({ redis, keys, record, log, now }: OutboxOptions) {
  /** Never fails: the change is done, and its facts are safe here. */
  async function handOver(facts: readonly CurfewEvent[]): Promise<void> {
    try {
      for (const fact of facts) {
        await record(fact)
        await redis.hdel(keys.outbox, fact.id)
      }
    } catch (error) {
      log.warn('fact.delayed', { facts: facts.map(({ id }) => id), error })
    }
  }

  /** Hands over what was left behind: by an outage, or by a process that died. One instance at a time. */
  async function sweep(): Promise<void> {
    try {
      if ((await redis.hlen(keys.outbox)) === 0) return
      if ((await redis.set(keys.sweeping, 1, 'PX', LONGEST_SWEEP_MS, 'NX')) === null) return
      const waiting = (await redis.hvals(keys.outbox)).flatMap((json) => parseEvent(json) ?? [])
      const overdue = waiting.filter(({ time }) => Date.parse(time) < now() - OVERDUE_MS)
      await handOver(overdue.sort((a, b) => a.time.localeCompare(b.time)))
      await redis.del(keys.sweeping)
    } catch (error) {
      log.debug('outbox.unreachable', { error })
    }
  }

  return { handOver, sweep }
}

/** A younger one is being handed over right now, by whoever wrote it. */
const OVERDUE_MS = 5_000

const LONGEST_SWEEP_MS = 10_000
