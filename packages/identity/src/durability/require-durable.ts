import { redisConnection } from '@curfew/contract'
import { ConfigInvalid, type Log } from '@curfew/service'
import type { Redis } from 'ioredis'
import type { IdentityConfig } from '../config.js'
import { askRedis } from './ask-redis.js'
import { shortcomingsOf } from './shortcomings.js'

type Settings = Pick<IdentityConfig, 'REDIS_URL' | 'REDIS_REPLICAS' | 'ACCEPT_A_REDIS_THAT_MAY_FORGET'>

/**
 * Makes sure, once, that this Redis can hold what a confirmed sign-off promises.
 *
 * @throws {ConfigInvalid} with a sentence for each thing that it can't, unless that was accepted
 */
export async function requireDurable(redis: Redis, config: Settings, log: Log): Promise<void> {
  const { lasting, passing } = shortcomingsOf(await askRedis(redis), {
    replicas: config.REDIS_REPLICAS,
    isLocal: LOOPBACK.has(redisConnection(config.REDIS_URL).host ?? ''),
  })
  for (const shortcoming of passing) log.warn('redis.falls-short', { shortcoming })
  if (lasting.length === 0) return
  if (config.ACCEPT_A_REDIS_THAT_MAY_FORGET === 'yes') {
    for (const shortcoming of lasting) log.warn('redis.falls-short', { shortcoming, accepted: true })
    return
  }
  throw new ConfigInvalid([...lasting, HOW_TO_ACCEPT])
}

const HOW_TO_ACCEPT = 'Where promises don’t matter, ACCEPT_A_REDIS_THAT_MAY_FORGET=yes starts all the same.'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])
