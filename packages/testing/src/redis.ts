import { randomBytes } from 'node:crypto'
import { Redis, type RedisOptions } from 'ioredis'
import { type RedisServer, startRedis } from './redis-server.js'

export type TestRedis = Redis & AsyncDisposable

let shared: Promise<RedisServer> | undefined

/**
 * Opens a client to this process's own redis-server, which starts on first use and ends with the process.
 * It is in memory only. Tests that share it keep apart by {@link freshNamespace}, never by FLUSHALL.
 */
export async function openRedis(options: Omit<RedisOptions, 'replyMapping'> = {}): Promise<TestRedis> {
  const redis = new Redis(await redisUrl(), { maxRetriesPerRequest: 0, ...options })
  return Object.assign(redis, {
    async [Symbol.asyncDispose]() {
      if (redis.status !== 'end') await redis.quit()
    },
  })
}

/** The address of this process's redis-server, for what opens its own connections. */
export async function redisUrl(): Promise<string> {
  shared ??= startRedis()
  return (await shared).url
}

/** A namespace of keys and channels that nothing else has. */
export function freshNamespace(): string {
  return `t${randomBytes(6).toString('hex')}`
}
