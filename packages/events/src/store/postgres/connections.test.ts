import { eventually, postgresUrl, startPostgres } from '@curfew/testing'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendAll, givenEntry } from '../../testing/log-store/given-entries.js'
import { openPostgresLogStore } from '../postgres-log-store.js'
import { openConnections } from './connections.js'

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

// found 2026-11-27: the error of a connection that is in use was nobody's, and ended the process
test('a server that dies in the middle of something fails that, and whoever asked lives on', async () => {
  await using server = await startPostgres()
  const url = await server.createDatabase()
  await using store = await openStore(url)
  await using blocker = await openBlocker(url)
  await blocker.lock('session_samples')
  const read = store.tally({ from: 0, to: 60, stepSeconds: 60 }).catch((error: unknown) => error)
  await eventually(async () => (await blocker.waiting()) === 1)

  await server.kill()

  assert.is(Object(await read).code, 'LOG_STORE_FAILED')
  await server.restart()
  await eventually(() => store.tally({ from: 0, to: 60, stepSeconds: 60 }))
})

// found 2026-11-27: a long log could not be brought up to date: it was cut off after a minute, and began anew
test('a migration is not cut off, neither here nor by the server', async () => {
  const url = await postgresUrl()
  await using operator = await openClient(url)
  const { database = '' } = operator.client
  await operator.client.query(`ALTER DATABASE ${database} SET statement_timeout = 100`)
  await using connections = openQuick(url)

  const others = await connections
    .transaction((client) => client.query('SELECT pg_sleep(600)'))
    .catch((error: unknown) => error)
  await connections.migration((client) => client.query('SELECT pg_sleep(1)'))

  assert.is(Object(others).code, 'LOG_STORE_FAILED')
})

test.run()

async function openClient(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

/** Does not wait for long for an answer. */
function openQuick(url: string) {
  const connections = openConnections(url, { answerMs: 200 })
  return { ...connections, [Symbol.asyncDispose]: connections.close }
}

async function openStore(url: string) {
  const store = await openPostgresLogStore(url)
  return { ...store, [Symbol.asyncDispose]: () => store.close() }
}

/** Somebody else who has a table, so that whoever reads it waits. */
async function openBlocker(url: string) {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // some tests kill the server
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
