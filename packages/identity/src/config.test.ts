import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigInvalid } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readConfig } from './config.js'

const test = suite('identity: configuration')

const key = () => randomBytes(32).toString('base64url')

const LEAST = {
  PORT: '4001',
  PUBLIC_URL: 'http://localhost:4000',
  REDIS_URL: 'redis://127.0.0.1:4379',
  TOKEN_KEYS: key(),
  CURFEW_PROVIDER_DEV_ISSUER: 'http://127.0.0.1:4020',
  CURFEW_PROVIDER_DEV_CLIENT_ID: 'curfew',
  CURFEW_PROVIDER_DEV_CLIENT_SECRET: 'secret-of-the-client',
}

test('what is not set has a default that is safe', () => {
  const config = readConfig(LEAST)

  assert.is(config.HOST, '127.0.0.1')
  assert.is(config.NAMESPACE, 'curfew')
  assert.match(config.INSTANCE, /^identity-[\da-f]{4,}$/)
  assert.is(config.PROXY_HOPS, 0)
  assert.is(config.LEASE_MS, 5_000)
  assert.is(config.LOG_LEVEL, 'info')
  assert.is(config.SESSION_IDLE_SECONDS, 30 * 60)
  assert.is(config.SESSION_ABSOLUTE_SECONDS, 12 * 60 * 60)
  assert.is(config.LOGINS_PER_MINUTE, 300)
  assert.is(config.TOKEN_KEYS.length, 1)
  assert.equal(
    config.providers.map(({ id, redirectUri }) => [id, redirectUri]),
    [['dev', 'http://localhost:4000/auth/callback/dev']],
  )
  assert.ok(Object.isFrozen(config))
})

test('what is set is taken', () => {
  const [first, second] = [key(), key()]

  const config = readConfig({
    ...LEAST,
    TOKEN_KEYS: `${first}, ${second}`,
    SESSION_IDLE_SECONDS: '60',
    SESSION_ABSOLUTE_SECONDS: '120',
    LEASE_MS: '1000',
  })

  assert.equal(
    config.TOKEN_KEYS.map((bytes) => bytes.toString('base64url')),
    [first, second],
  )
  assert.equal([config.SESSION_IDLE_SECONDS, config.SESSION_ABSOLUTE_SECONDS], [60, 120])
  assert.is(config.LEASE_MS, 1_000)
})

test('every problem is told at once, with the name of its variable, and no secret', () => {
  const problems = problemsOf({
    PORT: 'many',
    PUBLIC_URL: 'http://curfew.example',
    REDIS_URL: 'http://:s3cret-password@redis.test',
    TOKEN_KEYS: `${LEAST.TOKEN_KEYS},s3cret-and-short`,
    SESSION_IDLE_SECONDS: '-1',
    SESSION_ABSOLUTE_SECONDS: '12h',
    LOG_LEVEL: 'loud',
    CURFEW_PROVIDER_DEV_ISSUER: 'nowhere',
    CURFEW_PROVIDER_DEV_CLIENT_SECRET: 's3cret-of-the-client',
    CURFEW_PROVIDER_OTHER_LABEL: 'Other',
  })
  const told = problems.join('\n')

  for (const name of [
    'PORT',
    'PUBLIC_URL',
    'REDIS_URL',
    'TOKEN_KEYS',
    'SESSION_IDLE_SECONDS',
    'SESSION_ABSOLUTE_SECONDS',
    'LOG_LEVEL',
    'CURFEW_PROVIDER_DEV_ISSUER',
    'CURFEW_PROVIDER_DEV_CLIENT_ID',
    'CURFEW_PROVIDER_OTHER_CLIENT_ID',
    'CURFEW_PROVIDER_OTHER_CLIENT_SECRET',
  ]) {
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name} `)),
      `${name} is not in\n${told}`,
    )
  }
  assert.not.match(told, 's3cret')
  assert.not.match(told, LEAST.TOKEN_KEYS)
  assert.is(new Set(problems).size, problems.length, told)
})

test('nothing at all is one sentence for each thing that is needed', () => {
  const problems = problemsOf({})

  for (const name of ['PORT', 'PUBLIC_URL', 'REDIS_URL', 'TOKEN_KEYS', 'CURFEW_PROVIDER_']) {
    assert.is(problems.filter((problem) => problem.includes(name)).length, 1, name)
  }
})

test('keys that are short, guessable or empty are refused', () => {
  for (const keys of [
    '',
    'short',
    'a'.repeat(43),
    `${key()},`,
    `,${key()}`,
    randomBytes(31).toString('base64url'),
  ]) {
    const problems = problemsOf({ ...LEAST, TOKEN_KEYS: keys })
    assert.is(problems.length, 1)
    assert.match(problems[0] ?? '', /^TOKEN_KEYS /)
    if (keys !== '') assert.not.match(problems[0] ?? '', keys)
  }
})

test('the idle and the absolute end are independent of each other', () => {
  const config = readConfig({ ...LEAST, SESSION_IDLE_SECONDS: '61', SESSION_ABSOLUTE_SECONDS: '60' })

  assert.equal([config.SESSION_IDLE_SECONDS, config.SESSION_ABSOLUTE_SECONDS], [61, 60])
})

test('secrets may stand in files', async () => {
  const file = join(tmpdir(), `curfew-token-keys-${process.pid}`)
  const keys = key()
  await writeFile(file, `${keys}\n`, { mode: 0o600 })

  const { TOKEN_KEYS: _, ...rest } = LEAST
  const config = readConfig({ ...rest, TOKEN_KEYS_FILE: file })

  assert.is(config.TOKEN_KEYS[0]?.toString('base64url'), keys)
  assert.match(problemsOf({ ...LEAST, TOKEN_KEYS_FILE: file }).join(), 'set twice')
  assert.match(problemsOf({ ...rest, TOKEN_KEYS_FILE: `${file}-not` }).join(), 'TOKEN_KEYS_FILE')
  await rm(file)
})

test.run()

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems
    throw error
  }
  throw new Error('there was no problem')
}
