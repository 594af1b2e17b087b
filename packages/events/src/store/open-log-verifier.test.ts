import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresUrl } from '@curfew/testing'
import Database from 'libsql'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendAll, givenEntries } from '../testing/log-store/given-entries.js'
import { openLogStore } from './open-log-store.js'
import { openLogVerifier } from './open-log-verifier.js'

const test = suite('events: a log that is only verified')

for (const { name, open, newest, columns } of [
  { name: 'SQLite', open: openSqlite, newest: 5, columns: ['secret'] },
  { name: 'PostgreSQL', open: openPostgres, newest: 6, columns: ['secret', 'json_bytes'] },
]) {
  // found 2026-11-27: SQLite was brought up to date by it, so that the older version did not start again
  test(`${name}: a log of an older version is verified as it is, or refused, and nothing is written`, async () => {
    await using log = await open()
    const store = await openLogStore(log.url)
    await appendAll(store, givenEntries(5))
    await store.close()
    await log.run(`DROP TABLE ${log.prefix}removed`)
    for (const column of columns) await log.run(`ALTER TABLE ${log.prefix}state DROP COLUMN ${column}`)

    for (const [version, expected] of [
      [4, '5 are whole'],
      [3, '5 are whole'],
      [2, 'start events of this version once, which brings it up to date'],
      [99, `it was written by a newer Curfew (99, and this one knows ${newest}): verify it with that one`],
    ] as const) {
      await log.setVersion(version)
      const before = await log.shape()

      assert.match(await verified(log.url), expected)
      assert.equal(await log.shape(), before)
    }
  })
}

test.run()

async function verified(url: string): Promise<string> {
  try {
    const verifier = await openLogVerifier(url)
    const { ok, checked } = await verifier.verify()
    await verifier.close()
    return ok ? `${checked} are whole` : 'broken'
  } catch (error) {
    return String(error)
  }
}

async function openSqlite() {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  const file = join(folder, 'log.db')
  const run = async (sql: string) => {
    const database = new Database(file, { timeout: 1_000 })
    database.exec(sql)
    database.close()
  }
  return {
    url: `sqlite:${file}`,
    prefix: '',
    run,
    setVersion: (version: number) => run(`PRAGMA user_version = ${version}`),
    /** The tables and the version. */
    async shape() {
      const database = new Database(file, { timeout: 1_000 })
      const rows = ['SELECT * FROM state', 'SELECT * FROM sqlite_schema', 'PRAGMA user_version'].map((sql) =>
        database.prepare(sql).all(),
      )
      database.close()
      return JSON.stringify(rows)
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function openPostgres() {
  const url = await postgresUrl()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    url,
    prefix: 'curfew_log.',
    run: async (sql: string) => void (await client.query(sql)),
    setVersion: async (version: number) =>
      void (await client.query(`UPDATE curfew_log.state SET schema_version = ${version}`)),
    async shape() {
      const { rows } = await client.query(
        `SELECT state.xmin, state.*, table_name, column_name FROM curfew_log.state, information_schema.columns
         WHERE table_schema = 'curfew_log' ORDER BY table_name, column_name`,
      )
      return JSON.stringify(rows)
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
