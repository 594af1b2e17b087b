import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ensureChromium, ensurePostgres, ensureRedisServer, findHeadlessShell } from '../tools.mjs'
import { openFolder } from './temporary-folder.fixture.js'

const test = suite('infra: tools')

test('a redis-server that is there is used', async () => {
  await using folder = await openFolder()
  const program = join(folder.path, 'redis-server')
  await putProgram(program)

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

test('its headless shell is preferred, and Chromium taken where there is none', async () => {
  await using folder = await openFolder()
  const machine = { path: folder.path, isRoot: false }
  const shell = join(folder.path, 'chromium-headless-shell')
  const chromium = join(folder.path, 'chromium')

  const error = await rejects(findHeadlessShell(machine), 'TOOL_MISSING')
  assert.match(error.message, 'sudo apt-get install chromium')

  await putProgram(chromium)
  assert.is(await findHeadlessShell(machine), chromium)
  await putProgram(shell)
  assert.is(await findHeadlessShell(machine), shell)
})

test('where no shell may be installed, it is said that tests take longer, and nothing fails', async () => {
  const tools = new URL('../tools.mjs', import.meta.url).href
  const program = '(await import(process.argv[1])).preferHeadlessShell()'

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program, tools],
    { env: { PATH: '/nowhere' } },
  )

  assert.match(stdout, 'take longer without chromium-headless-shell')
})

test('PostgreSQL is found where Debian keeps it, in no PATH', async () => {
  await using folder = await openFolder()
  const bin = join(folder.path, '15', 'bin')
  await mkdir(bin, { recursive: true })
  await putProgram(join(bin, 'postgres'))
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

async function putProgram(file: string): Promise<void> {
  await writeFile(file, '#!/bin/sh\n', { mode: 0o755 })
}
