import { once } from 'node:events'
import type { Keys } from '@curfew/contract'
import type { Redis } from 'ioredis'
import { type RecordDurably, recordOnDisk, recordOnReplicas } from './record-durably.js'

/** How sign-offs are recorded, by how many data nodes there are besides the master. */
export interface Recorder {
  readonly recordDurably: RecordDurably
  /** Whether it has a connection. */
  readonly isReady: boolean
  /** Resolves once it has one. @throws when that fails at first */
  connected(): Promise<void>
  close(): void
}

export interface RecorderOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly replicas: number
  readonly onError: (error: unknown) => void
}

/** How long a sign-off waits for all replicas. Then it is not durable, and answers 503. Milliseconds. */
const WAIT_TIMEOUT_MS = 1_500

export function createRecorder({ redis, keys, replicas, onError }: RecorderOptions): Recorder {
  if (replicas === 0) {
    return {
      recordDurably: recordOnDisk(redis),
      get isReady() {
        return redis.status === 'ready'
      },
      connected: () => untilReady(redis),
      close: () => undefined,
    }
  }
  // WAIT blocks its connection, and speaks of nothing but the writes of it.
  const own = redis.duplicate({ commandTimeout: 2 * WAIT_TIMEOUT_MS })
  own.on('error', onError)
  return {
    recordDurably: recordOnReplicas({
      redis: own,
      replicas,
      timeoutMs: WAIT_TIMEOUT_MS,
      touch: keys.sequence,
    }),
    get isReady() {
      return own.status === 'ready'
    },
    connected: () => untilReady(own),
    close: () => own.disconnect(),
  }
}

async function untilReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready')
}
