import { commonReaders, readEnv } from '@curfew/service'

/** Everything this service reads from its environment. */
export const readConfig = (env: NodeJS.ProcessEnv) => readEnv(env, commonReaders('events'))

export type Config = ReturnType<typeof readConfig>
