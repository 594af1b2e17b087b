import { setTimeout } from 'node:timers/promises'
import { redisConnection } from '@curfew/contract'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { eventsKeys } from '../keys.js'
import { type ApplyRetentionOptions, applyRetention } from './apply-retention.js'

export interface RetentionWorkOptions extends Omit<ApplyRetentionOptions, 'signal' | 'now'> {
  readonly redisUrl: string
  readonly namespace: string
  readonly onRemoved: (entries: number) => void
  readonly onError: (error: unknown) => void
  /** How often it is looked. Milliseconds. @default an hour */
  readonly everyMs?: number
}

const QUEUE = 'events'

/** Longer than any read of BullMQ blocks: then the master froze, and there may be another one. */
const LONGEST_SILENCE_MS = 12_000
/** Nothing is lost when a job is not finished: what starts and stops us does not wait for long. */
const LONGEST_STOP_MS = 5_000

/**
 * Removes in the background what the settings don't keep, by BullMQ: of any number of instances one does it.
 *
 * | job      | because of | does                                                    |
 * | -------- | ---------- | ------------------------------------------------------- |
 * | `prune`  | time       | removes the oldest entries, and says so in the log      |
 */
export function startRetentionWork(options: RetentionWorkOptions): { stop(): Promise<void> } {
  const { redisUrl, namespace, onRemoved, onError, everyMs = 60 * 60 * 1000, ...retention } = options
  const prefix = eventsKeys(namespace).jobs
  const stopping = new AbortController()
  // BullMQ waits for Redis by itself, and asks for connections that never give up.
  const connection = new Redis({
    ...redisConnection(redisUrl),
    connectionName: 'events:work',
    maxRetriesPerRequest: null,
    socketTimeout: LONGEST_SILENCE_MS,
    retryStrategy: (times) => (stopping.signal.aborted ? null : Math.min(50 * times, 1_000)),
  })
  connection.on('error', onError)
  const queue = new Queue(QUEUE, { connection, prefix })
  queue.on('error', onError)
  const worker = new Worker(QUEUE, prune, { connection, prefix, runRetryDelay: 1_000 })
  worker.on('error', onError)
  worker.on('failed', (_job, error) => onError(error))

  // Each time: a Redis that comes back may have been emptied.
  connection.on('ready', () => {
    queue.upsertJobScheduler('prune', { every: everyMs }, { name: 'prune', opts: FORGET }).catch(onError)
  })

  async function prune(): Promise<void> {
    const removed = await applyRetention({ ...retention, signal: stopping.signal })
    if (removed > 0) onRemoved(removed)
  }

  async function finish(): Promise<void> {
    await worker.close(connection.status !== 'ready')
    await queue.close()
  }

  return {
    async stop() {
      stopping.abort()
      const late = setTimeout(LONGEST_STOP_MS, undefined, { ref: false })
      await Promise.race([finish().catch(onError), late])
      if (connection.status !== 'end') connection.disconnect()
    },
  }
}

const FORGET = { removeOnComplete: true, removeOnFail: 100 }
