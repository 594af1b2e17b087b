import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import Database from 'libsql'
import { LogStoreFailed } from '../log-store.js'
import type { LogVerifier } from '../log-verifier.js'
import { requireVerifiable } from '../verifiable-version.js'
import { verifyChain } from '../verify-chain.js'
import { lookAtChain } from './look.js'
import { BUSY_MS, SCHEMA_VERSION, type SqliteDatabase, versionOf } from './schema.js'

/**
 * SQLite itself refuses to write into the file. Where nobody has that open it makes its `-wal` and `-shm` beside it,
 * both empty, since somebody may begin to write.
 */
export async function openSqliteVerifier(file: string): Promise<LogVerifier> {
  const database = failing(file, () => open(file))
  return {
    verify: (options) =>
      verifyChain(async (after, count) => failing(file, () => lookAtChain(database, after, count)), options),
    async close() {
      database.close()
    },
  }
}

function open(file: string): SqliteDatabase {
  if (!existsSync(file)) throw new Error('there is no such file')
  const database = new Database(`${pathToFileURL(file).href}?mode=ro`, { timeout: BUSY_MS })
  try {
    requireVerifiable(versionOf(database), SCHEMA_VERSION)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function failing<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new LogStoreFailed(`the event log in ${file} can't be verified: ${said}`, { cause })
  }
}
