import { isRedisAddress, redisConnection } from '@curfew/contract'
import { Redis } from 'ioredis'
import { StartFailed } from './start-failed.js'

/** @throws {StartFailed} when no Redis answers at `REDIS_URL`. Its password is in no message. */
export async function requireRedis(url: string): Promise<void> {
  if (!isRedisAddress(url)) {
    throw new StartFailed('REDIS_URL must be an address like redis://127.0.0.1:6379.')
  }
  const redis = new Redis({
    ...redisConnection(url),
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    connectTimeout: 3_000,
  })
  let reason = ''
  redis.on('error', (error) => {
    reason = error.message
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (cause) {
    const { host } = new URL(url)
    const said = reason || (cause instanceof Error ? cause.message : String(cause))
    throw new StartFailed(`REDIS_URL names ${host}, and no Redis answers there (${said}).`, { cause })
  } finally {
    redis.disconnect()
  }
}
