import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { postgresUrl } from '@curfew/testing'
import Database from 'libsql'
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

async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'curfew-log-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

for (const [name, openUrl] of [
  ['SQLite', async (folder: string) => `sqlite:${join(folder, 'log.db')}`],
  ['PostgreSQL', async () => postgresUrl()],
] as const) {
  test(`${name}: a whole log is one line, with what to keep elsewhere`, async () => {
    await using folder = await openFolder()
    const url = await openUrl(folder.path)
    const newest = await givenLog(url, 1_204)

    const [alone, compared] = await Promise.all([verifyLog(url), verifyLog(url, newest)])

    assert.is(alone.code, 0, alone.complained)
    assert.is(alone.said, `1,204 entries are whole. Keep this elsewhere, to prove it later: ${newest}\n`)
    assert.match(alone.complained, '1,204 of 1,204')
    assert.match(compared.said, 'are whole, with the place that you have kept.')
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
