import { deferred, eventually, postgresUrl, startPostgres } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendContract } from '../testing/log-store/append-contract.js'
import { appendAll, givenEntries, givenEntry } from '../testing/log-store/given-entries.js'
import { givenPostgresStore, givenPostgresStoreAt } from '../testing/log-store/given-postgres-store.js'
import { upgradeContract } from '../testing/log-store/upgrade-contract.js'
import { openPostgresLogStore } from './postgres-log-store.js'

const test = suite('events: the log in PostgreSQL')

appendContract(test, givenPostgresStore)
upgradeContract(
  test,
  givenPostgresStore,
  (version) => `ALTER TABLE state DROP COLUMN json_bytes; UPDATE state SET schema_version = ${version}`,
)

test('what an older log has is in its size when it is opened', async () => {
  await using given = await givenPostgresStore()
  await appendAll(given.store, givenEntries(50))
  await given.store.prune({ mostEntries: 40 })
  const before = await given.store.size()

  await given.tamper('ALTER TABLE state DROP COLUMN json_bytes; UPDATE state SET schema_version = 5')
  const again = await given.again()

  assert.is((await again.size()).usedBytes, before.usedBytes)
  await again.close()
})

test('many that start at once make one schema', async () => {
  const url = await postgresUrl()

  const stores = await Promise.all(Array.from({ length: 4 }, () => openPostgresLogStore(url)))
  await Promise.all(stores.map((store, index) => appendAll(store, [givenEntry(index + 1)])))

  assert.equal(await stores[0]?.ends(), { first: 1, last: 4 })
  await Promise.all(stores.map((store) => store.close()))
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

test.run()
