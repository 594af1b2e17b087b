import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { suite } from 'uvu'
import { type GivenStore, logStoreContract } from '../testing/log-store-contract.js'
import { openSqliteLogStore } from './sqlite-log-store.js'

const test = suite('events: the log in SQLite')

logStoreContract(test, openStore)

test.run()

async function openStore(): Promise<GivenStore> {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  const file = join(folder, 'event-log.db')
  const store = await openSqliteLogStore(file)
  return {
    store,
    again: () => openSqliteLogStore(file),
    async tamper(sql) {
      const database = new Database(file, { timeout: 1_000 })
      database.exec(sql)
      database.close()
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
