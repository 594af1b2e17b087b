import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendContract } from '../testing/log-store/append-contract.js'
import { appendAll, givenEntries } from '../testing/log-store/given-entries.js'
import { givenSqliteStore } from '../testing/log-store/given-sqlite-store.js'
import { upgradeContract } from '../testing/log-store/upgrade-contract.js'
import { openSqliteLogStore } from './sqlite-log-store.js'

const test = suite('events: the log in SQLite')

appendContract(test, givenSqliteStore)
upgradeContract(test, givenSqliteStore, (version) => `PRAGMA user_version = ${version}`)

test('whoever shares the event loop goes on while it works', async () => {
  await using given = await givenSqliteStore()
  const entries = givenEntries(2_000)
  let isAppending = true
  let turns = 0
  const count = () => {
    turns++
    if (isAppending) setImmediate(count)
  }
  const appending = appendAll(given.store, entries)
  count()

  await appending

  isAppending = false
  // It would be one turn if this thread did the work.
  assert.ok(turns > 100, `${turns} turns`)
})

test('the log says who did what, from where: its files are for their owner alone', async () => {
  await using folder = await openFolder()
  const store = await openSqliteLogStore(join(folder.path, 'log.db'))
  await store.append({ entries: givenEntries(1), upTo: '1-0' })

  const files = await readdir(folder.path)
  const modes = await Promise.all(
    files.map(async (file) => (await stat(join(folder.path, file))).mode & 0o777),
  )
  await store.close()

  assert.ok(files.length >= 2, files.join(' '))
  assert.ok(
    modes.every((mode) => mode === 0o600),
    modes.map((mode) => mode.toString(8)).join(' '),
  )
})

test('a file that is no event log, or a newer one, is refused and left as it is', async () => {
  await using folder = await openFolder()
  const [text, newer] = [join(folder.path, 'text'), join(folder.path, 'newer')]
  await writeFile(text, 'This is not a database, however long it is. '.repeat(100))
  const database = new Database(newer)
  database.exec('PRAGMA user_version = 99')
  database.close()

  const refused = await Promise.all(
    [text, newer].map((file) => openSqliteLogStore(file).catch((error: unknown) => Object(error))),
  )

  assert.equal(
    refused.map(({ code }) => code),
    ['LOG_STORE_FAILED', 'LOG_STORE_FAILED'],
  )
  assert.match(refused[0].message, 'not a database')
  assert.match(refused[1].message, 'newer Curfew')
})

test.run()

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
