import { commonReaders, countAboveZero, days, optional, readEnv } from '@curfew/service'
import { logStoreReaders } from './store/config.js'

/**
 * Everything this service reads from its environment.
 *
 * | variable                | default | meaning                                                                        |
 * | ----------------------- | ------- | ------------------------------------------------------------------------------ |
 * | `EVENT_LOG_KEEP_DAYS`   |         | what came into the log longer ago (36500 at most) is removed; without it nothing is, for its age |
 * | `EVENT_LOG_KEEP_EVENTS` |         | of more than so many the oldest are removed; without it nothing is, for its number |
 */
export const readConfig = (env: NodeJS.ProcessEnv) =>
  readEnv(env, {
    ...commonReaders('events'),
    ...logStoreReaders,
    EVENT_LOG_KEEP_DAYS: optional(days()),
    EVENT_LOG_KEEP_EVENTS: optional(countAboveZero()),
  })

export type Config = ReturnType<typeof readConfig>
