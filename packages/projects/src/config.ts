import { commonReaders, readEnv } from '@curfew/service'

/** The one place that reads the environment. This service needs nothing but what all of them need. */
export const readConfig = (env: NodeJS.ProcessEnv) => readEnv(env, commonReaders('projects'))
