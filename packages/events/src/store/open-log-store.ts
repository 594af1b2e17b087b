import type { LogStore } from './log-store.js'
import { openPostgresLogStore } from './postgres-log-store.js'
import { openSqliteLogStore } from './sqlite-log-store.js'

const SQLITE = /^sqlite:(.+)$/s
const POSTGRES = /^postgres(?:ql)?:/

/** Whether {@link openLogStore} takes it. */
export function isLogStoreUrl(url: string): boolean {
  return SQLITE.test(url) || (POSTGRES.test(url) && URL.canParse(url))
}

/** Undefined when it is not in SQLite. */
export function sqliteFileOf(url: string): string | undefined {
  return SQLITE.exec(url)?.[1]
}

/**
 * Opens the event log at an address: `sqlite:` and a path, absolute or from the working directory; or
 * `postgres://user:password@host:5432/database`.
 *
 * @throws {LogStoreFailed} when it can't be opened
 */
export async function openLogStore(url: string): Promise<LogStore> {
  const file = sqliteFileOf(url)
  return file === undefined ? openPostgresLogStore(url) : openSqliteLogStore(file)
}
