import type { CurfewEvent, Keys } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { LOG_LENGTH } from './sessions/scripts.js'

/**
 * Writes facts that stand alone. What changes something is written by the script that changes it.
 *
 * @throws when not all of them are in the log
 */
export function createLogWriter(redis: Redis, keys: Keys) {
  return async function writeToLog(...events: readonly CurfewEvent[]): Promise<void> {
    const commands = redis.pipeline()
    for (const event of events) {
      commands.xadd(keys.log, 'MAXLEN', '~', LOG_LENGTH, '*', 'event', JSON.stringify(event))
    }
    await execAll(commands)
  }
}
