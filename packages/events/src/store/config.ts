import { instance, logLevel, type Reader, readEnv, secretly } from '@curfew/service'
import { isLogStoreUrl } from './open-log-store.js'

/**
 * What is read by whoever opens the event log.
 *
 * | variable        | default                       | meaning                                              |
 * | --------------- | ----------------------------- | ---------------------------------------------------- |
 * | `EVENT_LOG_URL` | `sqlite:.curfew/event-log.db` | where the event log is kept: `sqlite:` and a path, or `postgres://user:password@host:5432/database`; also as `EVENT_LOG_URL_FILE` |
 */
export const logStoreReaders = {
  EVENT_LOG_URL: logStoreUrl('sqlite:.curfew/event-log.db'),
}

/** Everything that `verify-log` reads from its environment. */
export const readVerifyConfig = (env: NodeJS.ProcessEnv) =>
  readEnv(env, { ...logStoreReaders, INSTANCE: instance('verify-log'), LOG_LEVEL: logLevel() })

function logStoreUrl(fallback: string): Reader<string> {
  return secretly((raw) => {
    const url = raw === '' ? fallback : raw
    if (isLogStoreUrl(url)) return url
    throw new Error('must be sqlite:path/of/a/file, or postgres://user:password@host:5432/database')
  })
}
