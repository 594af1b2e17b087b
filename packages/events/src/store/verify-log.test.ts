import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { postgresUrl } from '@curfew/testing'
import Database from 'libsql'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendAll, givenEntries } from '../testing/log-store/given-entries.js'
import { openLogStore } from './open-log-store.js'

const test = suite('events: verify-log')

const COMMAND = fileURLToPath(new URL('./verify-log.js', import.meta.url))

/** As the operator calls it. */
function verifyLog(
  url: string,
  ...args: string[]
): Promise<{ code: number; said: string; complained: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [COMMAND, ...args],
      { env: { EVENT_LOG_URL: url } },
      (error, said, complained) => {
        resolve({ code: error === null ? 0 : Number(error.code), said, complained })
      },
    )
  })
}

async function givenLog(url: string, count: number) {
  const store = await openLogStore(url)
  await appendAll(store, givenEntries(count))
  const newest = await store.newest()
  await store.close()
  return `${newest.position}:${newest.hash}`
}

async function openSqlite() {
  const folder = await openFolder()
  const file = join(folder.path, 'log.db')
  const run = async (sql: string) => {
    const database = new Database(file)
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
      const database = new Database(file)
      const rows = ['SELECT * FROM state', 'SELECT * FROM sqlite_schema', 'PRAGMA user_version'].map((sql) =>
        database.prepare(sql).all(),
      )
      database.close()
      return JSON.stringify(rows)
    },
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
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

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

for (const { name, open } of [
  { name: 'SQLite', open: openSqlite },
  { name: 'PostgreSQL', open: openPostgres },
]) {
  test(`${name}: a whole log is one line, with what to keep elsewhere`, async () => {
    await using log = await open()
    const { url } = log
    const newest = await givenLog(url, 1_204)

    const [alone, compared] = await Promise.all([verifyLog(url), verifyLog(url, newest)])

    assert.is(alone.code, 0, alone.complained)
    assert.is(alone.said, `1,204 entries are whole. Keep this elsewhere, to prove it later: ${newest}\n`)
    assert.match(alone.complained, '1,204 of 1,204')
    assert.match(compared.said, 'are whole, with the place that you have kept.')
  })

  // found 2026-11-27: SQLite was brought up to date by it, so that the older version did not start again
  test(`${name}: a log of an older version is verified as it is, or refused, and nothing is written`, async () => {
    await using log = await open()
    await givenLog(log.url, 5)
    await log.run(`DROP TABLE ${log.prefix}removed; ALTER TABLE ${log.prefix}state DROP COLUMN secret`)

    for (const [version, code, sentence] of [
      [4, 0, '5 entries are whole.'],
      [3, 0, '5 entries are whole.'],
      [2, 1, 'start events of this version once, which brings it up to date'],
      [99, 1, 'it was written by a newer Curfew (99, and this one knows 5): verify it with that one'],
    ] as const) {
      await log.setVersion(version)
      const before = await log.shape()

      const verified = await verifyLog(log.url)

      assert.match(`${verified.said}${verified.complained}`, sentence)
      assert.is(verified.code, code)
      assert.equal(await log.shape(), before)
    }
  })
}

test('a broken one is one line, and exit code 1', async () => {
  await using folder = await openFolder()
  const file = join(folder.path, 'log.db')
  await givenLog(`sqlite:${file}`, 10)
  const database = new Database(file)
  database.exec("UPDATE events SET json = replace(json, 'ada', 'eve') WHERE position = 4")
  database.close()

  const { code, said, complained } = await verifyLog(`sqlite:${file}`)

  assert.is(code, 1)
  assert.is(said, '')
  assert.is(
    complained,
    'The event log is broken at position 4: this entry, or the place before it, is not what was written. 3 entries are whole before it.\n',
  )
})

test('what can’t be verified is one sentence, and nothing is made', async () => {
  await using folder = await openFolder()
  const url = `sqlite:${join(folder.path, 'none.db')}`
  const newest = await givenLog(`sqlite:${join(folder.path, 'log.db')}`, 2)

  const [missing, misread, other, misspelled] = await Promise.all([
    verifyLog(url),
    verifyLog(`sqlite:${join(folder.path, 'log.db')}`, '7'),
    verifyLog(`sqlite:${join(folder.path, 'log.db')}`, newest.replace('2:', '3:')),
    verifyLog('mysql://x'),
  ])
  const again = await verifyLog(url)

  for (const { code } of [missing, again, misread, other, misspelled]) assert.is(code, 1)
  assert.match(missing.complained, /none\.db can't be verified: there is no such file\n$/)
  assert.is(again.complained, missing.complained)
  assert.match(misread.complained, 'must be position:hash')
  assert.match(other.complained, 'broken at position 3')
  assert.match(misspelled.complained, 'EVENT_LOG_URL must be sqlite:')
})

test('a place that retention has removed can’t be compared', async () => {
  await using folder = await openFolder()
  const url = `sqlite:${join(folder.path, 'log.db')}`
  const known = await givenLog(url, 5)
  const store = await openLogStore(url)
  await appendAll(store, givenEntries(9))
  await store.prune({ mostEntries: 2 })
  await store.close()

  const { code, complained } = await verifyLog(url, known)

  assert.is(code, 1)
  assert.match(complained, 'Retention has removed position 5')
})

test.run()
