import { postgresUrl } from '@curfew/testing'
import pg from 'pg'
import { SCHEMA } from '../../store/postgres/schema.js'
import { openPostgresLogStore } from '../../store/postgres-log-store.js'
import type { GivenStore } from './given-entries.js'

/** Databases that nobody has: to empty one is quicker than to make one. */
const free: string[] = []

export async function givenPostgresStore(): Promise<GivenStore> {
  const url = free.pop() ?? (await postgresUrl())
  const given = await givenPostgresStoreAt(url)
  return {
    ...given,
    async [Symbol.asyncDispose]() {
      await given[Symbol.asyncDispose]()
      await run(url, `DROP SCHEMA ${SCHEMA} CASCADE`)
      free.push(url)
    },
  }
}

/** In a database of the test's own. */
export async function givenPostgresStoreAt(url: string): Promise<GivenStore> {
  const store = await openPostgresLogStore(url)
  return {
    store,
    again: () => openPostgresLogStore(url),
    bytes: (hex) => `'\\x${hex}'`,
    tamper: (sql) => run(url, `SET search_path = ${SCHEMA}; ${sql}`),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
