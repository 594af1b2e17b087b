import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import { searchEffortContract } from '../../testing/log-store/search-effort-contract.js'
import { createAppend } from './append.js'
import { openSqlite } from './schema.js'
import { search } from './search.js'

const test = suite('events: how far searches in SQLite go')

searchEffortContract(test, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  const database = openSqlite(join(folder, 'log.db'), true)
  const append = createAppend(database)
  return {
    append: async (entries) => append({ entries }),
    search: async (query, effort) => search(database, query, effort),
    async [Symbol.asyncDispose]() {
      database.close()
      await rm(folder, { recursive: true })
    },
  }
})

test.run()
