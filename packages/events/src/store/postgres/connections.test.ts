import { eventually, postgresUrl } from '@curfew/testing'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendAll, givenEntry } from '../../testing/log-store/given-entries.js'
import { openPostgresLogStore } from '../postgres-log-store.js'

const test = suite('events: connections to PostgreSQL')

// found 2026-11-26: five slow searches kept the keeper from a connection, and its log from growing
test('reads that take for ever hold up nobody who appends, and are ended', async () => {
  const url = await postgresUrl()
  await using store = await openStore(url)
  await using blocker = await openBlocker(url)
  await blocker.lock('session_samples')

  const reads = Array.from({ length: 10 }, () =>
    store.tally({ from: 0, to: 60, stepSeconds: 60 }).catch((error: unknown) => error),
  )
  await eventually(async () => (await blocker.waiting()) === 5)

  assert.is((await appendAll(store, [givenEntry(1)])).length, 1)
  assert.is(await store.cursor(), givenEntry(1).streamId)
  for (const read of await Promise.all(reads)) assert.is(Object(read).code, 'LOG_STORE_FAILED')
  assert.is(await blocker.waiting(), 0)
})

test.run()

async function openStore(url: string) {
  const store = await openPostgresLogStore(url)
  return { ...store, [Symbol.asyncDispose]: () => store.close() }
}

/** Somebody else who has a table, so that whoever reads it waits. */
async function openBlocker(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    lock: (table: string) => client.query(`BEGIN; LOCK TABLE curfew_log.${table}`),
    async waiting() {
      const { rows } = await client.query(
        `SELECT 1 FROM pg_locks JOIN pg_database ON database = pg_database.oid
         WHERE NOT granted AND datname = current_database()`,
      )
      return rows.length
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
