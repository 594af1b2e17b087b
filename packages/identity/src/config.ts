import {
  ConfigInvalid,
  commonReaders,
  count,
  countAboveZero,
  oneOf,
  readEnv,
  seconds,
  secrets,
} from '@curfew/service'
import { readProviders } from './providers/provider-config.js'

/** Everything that identity reads from its environment. All problems are reported together. */
export function readConfig(env: NodeJS.ProcessEnv) {
  const problems: string[] = []
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ConfigInvalid)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  const config = collect(() => readEnv(env, readers))
  // A wrong PUBLIC_URL has been reported; the providers are then checked against any.
  const providers = collect(() => readProviders(env, config?.PUBLIC_URL ?? new URL('http://localhost')))

  if (config === undefined || providers === undefined) throw new ConfigInvalid(problems)
  return Object.freeze({ ...config, providers })
}

export type IdentityConfig = ReturnType<typeof readConfig>

const readers = {
  ...commonReaders('identity'),
  TOKEN_KEYS: secrets(32), // first seals, all open: rotate by putting a new one in front
  SESSION_IDLE_SECONDS: seconds(30 * 60),
  SESSION_ABSOLUTE_SECONDS: seconds(12 * 60 * 60),
  LOGINS_PER_MINUTE: countAboveZero(300),
  REDIS_REPLICAS: count(0),
  ACCEPT_A_REDIS_THAT_MAY_FORGET: oneOf(['yes', 'no'], 'no'),
}
