import type { LogStore } from './log-store.js'
import type { OpenOptions } from './open-options.js'
import { openPostgresLogStore } from './postgres-log-store.js'
import { openSqliteLogStore } from './sqlite-log-store.js'

const SQLITE = /^sqlite:(.+)$/s
const POSTGRES = /^postgres(?:ql)?:/

/** Whether {@link openLogStore} takes it. */
export function isLogStoreUrl(url: string): boolean {
  return SQLITE.test(url) || (POSTGRES.test(url) && URL.canParse(url))
}

/**
 * Opens the event log at an address: `sqlite:` and a path, absolute or from the working directory; or
 * `postgres://user:password@host:5432/database`.
 *
 * @throws {LogStoreFailed} when it can't be opened
 */
export async function openLogStore(url: string, options?: OpenOptions): Promise<LogStore> {
  const [, file] = SQLITE.exec(url) ?? []
  return file === undefined ? openPostgresLogStore(url, options) : openSqliteLogStore(file, options)
}
