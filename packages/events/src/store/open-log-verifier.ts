import type { LogVerifier } from './log-verifier.js'
import { sqliteFileOf } from './open-log-store.js'
import { openPostgresVerifier } from './postgres/verifier.js'
import { openSqliteVerifier } from './sqlite/verifier.js'

/**
 * Opens the event log at an address, as `openLogStore` understands it, to read it and nothing else.
 *
 * @throws {LogStoreFailed} when there is none, or none that this version can verify
 */
export async function openLogVerifier(url: string): Promise<LogVerifier> {
  const file = sqliteFileOf(url)
  return file === undefined ? openPostgresVerifier(url) : openSqliteVerifier(file)
}
