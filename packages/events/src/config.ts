import { bytes, commonReaders, countAboveZero, days, optional, readEnv } from '@curfew/service'
import { logStoreReaders } from './store/config.js'

/**
 * Everything this service reads from its environment.
 *
 * | variable                | default | meaning                                                                        |
 * | ----------------------- | ------- | ------------------------------------------------------------------------------ |
 * | `EVENT_LOG_KEEP_DAYS`   |         | what came into the log longer ago (36500 at most) is removed; without it nothing is, for its age |
 * | `EVENT_LOG_KEEP_EVENTS` |         | of more than so many the oldest are removed; without it nothing is, for its number |
 * | `EVENT_LOG_KEEP_BYTES`  |         | of what takes more than this of the disk, such as `10GB` (100MB at least), the oldest is removed; without it nothing is, for its size |
 */
export const readConfig = (env: NodeJS.ProcessEnv) =>
  readEnv(env, {
    ...commonReaders('events'),
    ...logStoreReaders,
    EVENT_LOG_KEEP_DAYS: optional(days()),
    EVENT_LOG_KEEP_EVENTS: optional(countAboveZero()),
    // What else is in the database fits well into that: the events must not go to make room for it.
    EVENT_LOG_KEEP_BYTES: optional(bytes('100MB')),
  })

export type Config = ReturnType<typeof readConfig>
