import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openSecrets } from './secrets.js'
import { openFolder } from './temporary-folder.fixture.js'

const test = suite('infra: secrets')

test('secrets are made once, strong, and for their owner alone', async () => {
  await using folder = await openFolder()

  const first = await openSecrets(folder.path)
  const second = await openSecrets(folder.path)

  assert.equal(second, first)
  for (const secret of [first.tokenKey, first.clientSecret, first.cookieKey]) {
    assert.is(Buffer.from(secret, 'base64url').length, 32)
  }
  assert.is((await stat(join(folder.path, 'secrets.json'))).mode & 0o777, 0o600)
})

test('two folders have nothing in common', async () => {
  await using one = await openFolder()
  await using other = await openFolder()

  const [mine, yours] = await Promise.all([openSecrets(one.path), openSecrets(other.path)])

  assert.is(new Set([...Object.values(mine), ...Object.values(yours)]).size, 8)
})

test('a secret that a later version adds leaves the others as they are', async () => {
  await using folder = await openFolder()
  const { cookieKey, ...older } = await openSecrets(folder.path)
  await writeFile(join(folder.path, 'secrets.json'), JSON.stringify(older))

  const newer = await openSecrets(folder.path)

  assert.equal({ ...newer, cookieKey }, { ...older, cookieKey })
  assert.is.not(newer.cookieKey, cookieKey)
})

test('a file that is not JSON is said, and not replaced', async () => {
  await using folder = await openFolder()
  const file = join(folder.path, 'secrets.json')
  await writeFile(file, 'hello')

  const error = await rejects(openSecrets(folder.path), 'START_FAILED')

  assert.match(error.message, /secrets\.json can’t be read\. Remove it/)
  assert.is(await readFile(file, 'utf8'), 'hello')
})

test.run()
