import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareIds } from '../log-entries.js'
import { appendContract } from '../testing/log-store/append-contract.js'
import { appendAll, givenEntries, START_MS } from '../testing/log-store/given-entries.js'
import { givenSqliteStore } from '../testing/log-store/given-sqlite-store.js'
import { openSqliteLogStore } from './sqlite-log-store.js'

const test = suite('events: the log in SQLite')

appendContract(test, givenSqliteStore)

test('a process that is killed while it appends has lost nothing that it was told is kept', async () => {
  await using folder = await openFolder()
  const file = join(folder.path, 'log.db')
  const entries = givenEntries(1_000)

  for (const batchesBefore of [1, 4, 9]) {
    const keeper = fork(fileURLToPath(new URL('../testing/append-until-killed.js', import.meta.url)), [
      `sqlite:${file}`,
      String(entries.length),
    ])
    let told = '0-0'
    for (let batches = 0; batches < batchesBefore; batches++) [told] = await once(keeper, 'message')
    keeper.kill('SIGKILL')
    await once(keeper, 'exit')

    const store = await openSqliteLogStore(file)
    const kept = await store.after(0, entries.length)
    const cursor = (await store.cursor()) ?? ''
    assert.ok(compareIds(cursor, told) >= 0, `${cursor} is before ${told}`)
    assert.is(kept.at(-1)?.streamId, cursor)
    assert.equal(
      kept.map(({ event }) => event.id),
      entries.slice(0, kept.length).map(({ event }) => event.id),
    )
    assert.ok((await store.verify()).ok)
    await store.close()
  }

  const store = await openSqliteLogStore(file)
  await appendAll(store, entries)
  assert.equal(await store.ends(), { first: 1, last: entries.length })
  await store.close()
})

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

test('what an older log has is known by its source and its id when it is opened', async () => {
  await using given = await givenSqliteStore()
  const entries = givenEntries(100, (n) => ({ id: n === 7 ? 'i'.repeat(500) : `event-${n}` }))
  await appendAll(given.store, entries)

  await given.tamper(
    'UPDATE events SET event_id = substr(event_id, length(source) + 2); DROP TABLE removed; ALTER TABLE state DROP COLUMN secret; PRAGMA user_version = 2',
  )
  const again = await given.again()

  assert.equal(await appendAll(again, entries), [])
  assert.ok((await again.verify()).ok)
  await again.close()
})

test('what an older log has is counted when it is opened', async () => {
  await using given = await givenSqliteStore()
  await appendAll(given.store, givenEntries(100))
  const hour = { from: START_MS / 1_000, to: START_MS / 1_000 + 3_600, stepSeconds: 60 }
  const days = { from: 0, to: 100_000 * 86_400, stepSeconds: 86_400 }
  const before = await Promise.all([hour, days].map(given.store.tally))

  await given.tamper(
    'DROP TABLE tallied_events; DROP TABLE tallied_confirmations; DROP TABLE session_samples; DROP TABLE removed; ALTER TABLE state DROP COLUMN secret; PRAGMA user_version = 1',
  )
  const again = await given.again()

  assert.equal(await Promise.all([hour, days].map(again.tally)), before)
  await again.close()
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
