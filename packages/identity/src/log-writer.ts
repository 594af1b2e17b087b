import type { CurfewEvent, Keys } from '@curfew/contract'
import type { Redis } from 'ioredis'
import { LOG_LENGTH } from './sessions/scripts.js'

/** Writes facts that stand alone. What changes something is written by the script that changes it. */
export function createLogWriter(redis: Redis, keys: Keys) {
  return async function writeToLog(event: CurfewEvent): Promise<void> {
    await redis.xadd(keys.log, 'MAXLEN', '~', LOG_LENGTH, '*', 'event', JSON.stringify(event))
  }
}
