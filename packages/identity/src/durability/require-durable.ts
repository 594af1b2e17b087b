import { redisConnection } from '@curfew/contract'
import { ConfigInvalid, type Log } from '@curfew/service'
import type { Redis } from 'ioredis'
import type { IdentityConfig } from '../config.js'
import { askRedis } from './ask-redis.js'
import { shortcomingsOf } from './shortcomings.js'

type Settings = Pick<IdentityConfig, 'REDIS_URL' | 'REDIS_REPLICAS' | 'ACCEPT_A_REDIS_THAT_MAY_FORGET'>

/**
 * Makes sure that this Redis can hold what a confirmed sign-off promises. Looks again with each connection,
 * which may be to another master, and then warns.
 *
 * @throws {ConfigInvalid} with a sentence for each thing that it can't, unless that was accepted
 */
export async function requireDurable(redis: Redis, config: Settings, log: Log): Promise<void> {
  const isAccepted = config.ACCEPT_A_REDIS_THAT_MAY_FORGET === 'yes'
  const { lasting, passing } = await look()
  warnOf(passing)
  if (lasting.length > 0 && !isAccepted) throw new ConfigInvalid([...lasting, HOW_TO_ACCEPT])
  warnOf(lasting)
  redis.on('ready', () => {
    look().then(
      (found) => warnOf([...found.passing, ...found.lasting]),
      (error: unknown) => log.warn('redis.not-asked', { error }),
    )
  })

  async function look() {
    return shortcomingsOf(await askRedis(redis), {
      replicas: config.REDIS_REPLICAS,
      isLocal: LOOPBACK.has(redisConnection(config.REDIS_URL).host ?? ''),
    })
  }

  function warnOf(shortcomings: readonly string[]): void {
    for (const shortcoming of shortcomings) log.warn('redis.falls-short', { shortcoming })
  }
}

const HOW_TO_ACCEPT = 'Where promises don’t matter, ACCEPT_A_REDIS_THAT_MAY_FORGET=yes starts all the same.'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])
