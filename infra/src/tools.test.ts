import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ensureChromium, ensurePostgres, ensureRedisServer } from '../tools.mjs'
import { openFolder } from './temporary-folder.fixture.js'

const test = suite('infra: tools')

test('a redis-server that is there is used', async () => {
  await using folder = await openFolder()
  const program = join(folder.path, 'redis-server')
  await writeFile(program, '#!/bin/sh\n')
  await chmod(program, 0o755)

  assert.is(await ensureRedisServer({ path: `/nowhere:${folder.path}`, isRoot: false }), program)
})

test('without it, and without the right to install, one message says how to get it', async () => {
  await using folder = await openFolder()

  const error = await rejects(ensureRedisServer({ path: folder.path, isRoot: false }), 'TOOL_MISSING')

  assert.match(error.message, 'sudo apt-get install redis-server')
  assert.match(error.message, 'brew install redis')
  assert.match(error.message, /docker run .* REDIS_URL=/)
})

test('as root where there is no apt-get, too', async () => {
  await using folder = await openFolder()

  await rejects(ensureRedisServer({ path: folder.path, isRoot: true }), 'TOOL_MISSING')
})

test('the same for Chromium', async () => {
  await using folder = await openFolder()

  const error = await rejects(ensureChromium({ path: folder.path, isRoot: false }), 'TOOL_MISSING')

  assert.match(error.message, 'sudo apt-get install chromium')
})

test('PostgreSQL is found where Debian keeps it, in no PATH', async () => {
  await using folder = await openFolder()
  const bin = join(folder.path, '15', 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(join(bin, 'postgres'), '#!/bin/sh\n')
  await chmod(join(bin, 'postgres'), 0o755)
  const machine = {
    path: folder.path,
    isRoot: false,
    postgresOfDebian: [join(folder.path, '*/bin/postgres')],
  }

  assert.is(await ensurePostgres(machine), join(bin, 'postgres'))
})

test('without it, one message says how to get it', async () => {
  await using folder = await openFolder()
  const machine = { path: folder.path, isRoot: false, postgresOfDebian: [] }

  const error = await rejects(ensurePostgres(machine), 'TOOL_MISSING')

  assert.match(error.message, 'sudo apt-get install postgresql')
})

test.run()
