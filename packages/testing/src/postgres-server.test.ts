import { access } from 'node:fs/promises'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startPostgres } from './postgres-server.js'

const test = suite('testing: PostgreSQL')

test('has empty databases, keeps them when it is killed, and leaves nothing behind', async () => {
  const server = await startPostgres()
  const url = await server.createDatabase()
  const dir = new URL(url).searchParams.get('host') ?? ''
  const ask = async (sql: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }

  await ask('CREATE TABLE kept AS SELECT 7 AS number')
  await server.kill()
  await server.restart()
  assert.equal(await ask('SELECT number FROM kept'), [{ number: 7 }])
  assert.not.equal(await server.createDatabase(), url)

  await access(dir)
  await server[Symbol.asyncDispose]()
  const gone = await access(dir).catch((error: unknown) => error)
  assert.is(Object(gone).code, 'ENOENT')
})

test('is gone when a kill has resolved, with every statement that was under way', async () => {
  await using server = await startPostgres()
  const client = new pg.Client({ connectionString: await server.createDatabase() })
  client.on('error', () => {}) // that its connection ends is what this is about
  await client.connect()
  const busy = Promise.allSettled([client.query('SELECT count(*) FROM generate_series(1, 5000000)')])

  await server.kill()
  await server.restart()
  await busy
})

test.run()
