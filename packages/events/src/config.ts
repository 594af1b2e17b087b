import { commonReaders, readEnv } from '@curfew/service'
import { logStoreReaders } from './store/config.js'

/** Everything this service reads from its environment. */
export const readConfig = (env: NodeJS.ProcessEnv) =>
  readEnv(env, { ...commonReaders('events'), ...logStoreReaders })

export type Config = ReturnType<typeof readConfig>
