import { deferred, eventually, postgresUrl, startPostgres } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendContract } from '../testing/log-store/append-contract.js'
import { appendAll, givenEntries, givenEntry, START_MS } from '../testing/log-store/given-entries.js'
import { givenPostgresStore, givenPostgresStoreAt } from '../testing/log-store/given-postgres-store.js'
import { openPostgresLogStore } from './postgres-log-store.js'

const test = suite('events: the log in PostgreSQL')

appendContract(test, givenPostgresStore)

test('many that start at once make one schema', async () => {
  const url = await postgresUrl()

  const stores = await Promise.all(Array.from({ length: 4 }, () => openPostgresLogStore(url)))
  await Promise.all(stores.map((store, index) => appendAll(store, [givenEntry(index + 1)])))

  assert.equal(await stores[0]?.ends(), { first: 1, last: 4 })
  await Promise.all(stores.map((store) => store.close()))
})

test('what an older log has is known by its source and its id when it is opened', async () => {
  await using given = await givenPostgresStore()
  const entries = givenEntries(100, (n) => ({ id: n === 7 ? 'i'.repeat(500) : `event-${n}` }))
  await appendAll(given.store, entries)

  await given.tamper(
    'UPDATE events SET event_id = substr(event_id, length(source) + 2); DROP TABLE removed; ALTER TABLE state DROP COLUMN secret; UPDATE state SET schema_version = 2',
  )
  const again = await given.again()

  assert.equal(await appendAll(again, entries), [])
  assert.ok((await again.verify()).ok)
  await again.close()
})

test('what an older log has is counted when it is opened', async () => {
  await using given = await givenPostgresStore()
  await appendAll(given.store, givenEntries(100))
  const hour = { from: START_MS / 1_000, to: START_MS / 1_000 + 3_600, stepSeconds: 60 }
  const days = { from: 0, to: 100_000 * 86_400, stepSeconds: 86_400 }
  const before = await Promise.all([hour, days].map(given.store.tally))

  await given.tamper(
    'DROP TABLE tallied_events; DROP TABLE tallied_confirmations; DROP TABLE session_samples; DROP TABLE removed; ALTER TABLE state DROP COLUMN secret; UPDATE state SET schema_version = 1',
  )
  const again = await given.again()

  assert.equal(await Promise.all([hour, days].map(again.tally)), before)
  await again.close()
})

test('another process is told, also after its connection was lost', async () => {
  await using given = await givenPostgresStore()
  const reader = await given.again()
  let told = deferred<void>()
  reader.watch(() => told.resolve())
  await told.promise // it has connected

  told = deferred<void>()
  await appendAll(given.store, [givenEntry(1)])
  await told.promise

  told = deferred<void>()
  await given.tamper(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'curfew-event-log-listener' AND datname = current_database()",
  )
  await told.promise // it has connected again
  told = deferred<void>()
  await appendAll(given.store, [givenEntry(2)])
  await told.promise
  assert.is((await reader.after(0, 10)).length, 2)
  await reader.close()
})

test('a server that dies loses nothing that was appended, and the store goes on with the next one', async () => {
  await using server = await startPostgres()
  await using given = await givenPostgresStoreAt(await server.createDatabase())
  await appendAll(given.store, givenEntries(3))

  await server.kill()
  const refused = await given.store.cursor().catch((error: unknown) => error)
  await server.restart()
  await eventually(() => given.store.cursor())

  assert.is(Object(refused).code, 'LOG_STORE_FAILED')
  assert.equal(await appendAll(given.store, givenEntries(3)), [])
  assert.ok((await given.store.verify()).ok)
})

test('where none may be made, a database without one is refused', async () => {
  const refused = await openPostgresLogStore(await postgresUrl(), { mayCreate: false }).catch(
    (error: unknown) => error,
  )
  assert.is(Object(refused).code, 'LOG_STORE_FAILED')
})

test.run()
