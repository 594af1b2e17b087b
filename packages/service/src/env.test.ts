import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  bytes,
  ConfigInvalid,
  commonReaders,
  count,
  countAboveZero,
  days,
  httpUrl,
  milliseconds,
  oneOf,
  optional,
  port,
  readEnv,
  seconds,
  secret,
  secrets,
  text,
  url,
  word,
} from './env.js'
import { temporaryFolder } from './testing/temporary-folder.js'

const test = suite('service: env')

const good = { PORT: '4001', PUBLIC_URL: 'https://curfew.example', REDIS_URL: 'redis://127.0.0.1:4379' }
const key = (bytes: number) => randomBytes(bytes).toString('base64url')

test('all problems are reported at once, each says what to do', () => {
  const readers = { ...commonReaders('identity'), TOKEN_KEYS: secrets(32), IDLE_SECONDS: seconds() }

  const problems = problemsOf(() => readEnv({ PORT: 'http', IDLE_SECONDS: '0' }, readers))

  assert.equal(
    problems.map((line) => line.split(' ')[0]),
    ['PORT', 'PUBLIC_URL', 'REDIS_URL', 'TOKEN_KEYS', 'IDLE_SECONDS'],
  )
  assert.is(problems[0], 'PORT must be a port from 0 to 65535 (it is "http")')
  assert.is(problems[4], 'IDLE_SECONDS must be a whole number of seconds above zero (it is "0")')
  assert.match(problems[1] ?? '', 'https://name')
  assert.match(problems[1] ?? '', '(it is not set)')
  assert.match(problems[3] ?? '', 'crypto.randomBytes(32)')
})

test('the result is typed, has defaults, and is frozen', () => {
  const config = readEnv(good, commonReaders('projects'))

  assert.is(config.PORT, 4001)
  assert.is(config.HOST, '127.0.0.1')
  assert.is(config.PUBLIC_URL.origin, 'https://curfew.example')
  assert.is(config.NAMESPACE, 'curfew')
  assert.match(config.INSTANCE, /^projects-[0-9a-f]{10}$/)
  assert.is(config.PROXY_HOPS, 0)
  assert.is(config.LOG_LEVEL, 'info')
  assert.ok(Object.isFrozen(config))
})

test('a public address is an origin, and plain http only on this machine', () => {
  const read = (value: string) =>
    readEnv({ ...good, PUBLIC_URL: value }, commonReaders('x')).PUBLIC_URL.origin

  assert.is(read('http://localhost:4000'), 'http://localhost:4000')
  assert.is(read('http://127.0.0.1:4000/'), 'http://127.0.0.1:4000')
  for (const bad of [
    'http://curfew.example',
    'https://curfew.example/app',
    'https://x.example/?a',
    'ftp://x',
    'x',
  ]) {
    assert.is(problemsOf(() => read(bad)).length, 1, bad)
  }
})

test('a secret can stand in a file, and is in no message', () => {
  using temporary = temporaryFolder()
  const file = join(temporary.path, 'key')
  const value = key(32)
  writeFileSync(file, `${value}\n`)

  assert.is(readEnv({ KEY_FILE: file }, { KEY: secret(32) }).KEY.toString('base64url'), value)
  assert.match(
    problemsOf(() => readEnv({ KEY: value, KEY_FILE: file }, { KEY: secret(32) }))[0] ?? '',
    'set twice',
  )
  assert.match(problemsOf(() => readEnv({ KEY_FILE: '/nowhere' }, { KEY: secret(32) }))[0] ?? '', 'KEY_FILE')
  const [problem = ''] = problemsOf(() => readEnv({ KEY: 'hunter2' }, { KEY: secret(32) }))
  assert.not.match(problem, 'hunter2')
  const [redis = ''] = problemsOf(() =>
    readEnv({ ...good, REDIS_URL: 'http://:hunter2@x' }, commonReaders('x')),
  )
  assert.not.match(redis, 'hunter2')
})

test('a short, repeated or mistyped secret is refused', () => {
  for (const weak of [
    '',
    key(31),
    Buffer.alloc(32, 7).toString('base64url'),
    'a passphrase that is long enough, is it not?',
  ]) {
    assert.is(problemsOf(() => readEnv({ KEY: weak }, { KEY: secret(32) })).length, 1, weak)
  }
})

test('a ring of secrets keeps its order', () => {
  const [first, second] = [key(32), key(32)]

  const { KEYS } = readEnv({ KEYS: `${first}, ${second}` }, { KEYS: secrets(32) })

  assert.equal(
    KEYS.map((each) => each.toString('base64url')),
    [first, second],
  )
  assert.is(problemsOf(() => readEnv({ KEYS: `${first},` }, { KEYS: secrets(32) })).length, 1)
})

test('a size is read in the units that people write, and is never less than what makes sense', () => {
  const sizeOf = (raw: string) => readEnv({ SIZE: raw }, { SIZE: bytes('1kB') }).SIZE

  assert.equal(['1000', '1000B', '1kB', '2 KB', '10GB', '1.5g', '1KiB', '3Mi', '2TiB'].map(sizeOf), [
    1_000,
    1_000,
    1_000,
    2_000,
    10e9,
    1.5e9,
    1_024,
    3 * 2 ** 20,
    2 * 2 ** 40,
  ])
  assert.equal(
    problemsOf(() => sizeOf('999')),
    ['SIZE must be a size of 1kB or more, such as 500MB or 10GB (it is "999")'],
  )
})

test('every reader takes what fits and refuses what does not', () => {
  const cases = [
    [port(), ['0', '65535'], ['', '-1', '65536', '1e3', ' ']],
    [count(), ['0', '7'], ['', '-1', '1.5']],
    [countAboveZero(), ['1', '7'], ['', '0', '-1', '1.5']],
    [days(), ['1', '36500'], ['', '0', '-1', '1.5', '36501', '9007199254740991']],
    [milliseconds(), ['1'], ['0', '1.5']],
    [
      bytes('1kB'),
      ['1MB', '0.001MB'],
      ['', '0', '-1GB', '1e9', '10 gigabytes', 'GB', '0.9kB', '9000TB0', '9008TB'],
    ],
    [word(), ['a', 'a-b_c.d'], ['', 'a b', '{a}', '-a', 'a:b']],
    [text(), ['anything at all'], ['']],
    [oneOf(['a', 'b']), ['a', 'b'], ['', 'c']],
    [url(), ['mailto:x', 'https://x/y'], ['', 'x']],
    [httpUrl(), ['https://x/y'], ['', 'mailto:x']],
    [optional(word()), ['', 'a'], ['a b']],
  ] as const
  for (const [read, fits, misfits] of cases) {
    for (const raw of fits) read(raw)
    for (const raw of misfits) assert.throws(() => read(raw), undefined, raw)
  }
})

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems
    throw error
  }
  return []
}

test.run()
