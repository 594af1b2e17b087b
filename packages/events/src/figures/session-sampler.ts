import type { LogStore } from '../store/log-store.js'

/** Counts the sessions once a minute, for the pictures. */
export interface SessionSampler {
  /** Counts now. Resolves when it is kept, or could not be. */
  sample(): Promise<void>
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

export interface SessionSamplerOptions {
  readonly redis: { zcard(key: string): Promise<number> }
  /** Of the sorted set that has every session until it was ended, or seen to have expired. */
  readonly key: string
  readonly store: Pick<LogStore, 'sample'>
  readonly onError: (error: unknown) => void
  readonly now?: () => number
}

const EVERY_MS = 60_000

/** Begins at once. Any number of instances may do so: of a minute the largest number counts. */
export function startSessionSampler(options: SessionSamplerOptions): SessionSampler {
  const { redis, key, store, onError, now = Date.now } = options
  let sampling: Promise<void> = Promise.resolve()

  function sample(): Promise<void> {
    sampling = sampling.then(count)
    return sampling
  }

  async function count(): Promise<void> {
    try {
      await store.sample({ atMs: now(), activeSessions: await redis.zcard(key) })
    } catch (error) {
      onError(error)
    }
  }

  void sample()
  const timer = setInterval(() => void sample(), EVERY_MS).unref()
  return {
    sample,
    async stop() {
      clearInterval(timer)
      await sampling
    },
  }
}
