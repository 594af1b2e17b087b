import Database from 'libsql'
import { openSqliteLogStore } from '../../store/sqlite-log-store.js'
import { givenStore } from '../given-store.js'
import type { GivenStore } from './given-entries.js'

export async function givenSqliteStore(): Promise<GivenStore> {
  const given = await givenStore()
  return {
    ...given,
    again: () => openSqliteLogStore(given.file),
    bytes: (hex) => `x'${hex}'`,
    async tamper(sql) {
      const database = new Database(given.file, { timeout: 1_000 })
      database.exec(sql)
      database.close()
    },
  }
}
