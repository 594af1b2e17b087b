import { type RedisServer, startRedis } from '@curfew/testing'
import { Redis } from 'ioredis'

/** The Redis of a run, as faults reach it. */
export interface RedisWorld extends AsyncDisposable {
  readonly profile: 'single'
  /** For REDIS_URL, where nothing stands in between. */
  readonly url: string
  /** Where proxies lead to. */
  readonly port: number
  readonly server: RedisServer
  /** Runs `work` on a connection of its own that no fault of the network touches. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T>
}

/** Profile S: one Redis, everything synced before it answers, its files kept over every crash. */
export async function startSingleRedis(): Promise<RedisWorld> {
  const server = await startRedis({ appendonly: true })
  return {
    profile: 'single',
    url: server.url,
    port: server.port,
    server,
    async ask(work) {
      const redis = new Redis(server.url, { maxRetriesPerRequest: 1, commandTimeout: 10_000 })
      redis.on('error', (error) => console.error(String(error)))
      try {
        return await work(redis)
      } finally {
        redis.disconnect()
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
