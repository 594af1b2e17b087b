import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ServiceError } from './errors.js'
import { createLog, type LogLevel } from './log.js'

const test = suite('service: log')

test('a line is one JSON object with the event and its facts', () => {
  const { log, lines } = recordLog()

  log.info('session.created', { ref: 'r1', sessions: 3 })
  log.warn('plain')

  assert.is(lines()[0]?.['level'], 'info')
  assert.is(lines()[0]?.['event'], 'session.created')
  assert.is(lines()[0]?.['service'], 'identity')
  assert.is(lines()[0]?.['instance'], 'identity-1')
  assert.is(lines()[0]?.['ref'], 'r1')
  assert.is(lines()[0]?.['sessions'], 3)
  assert.match(String(lines()[0]?.['time']), /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.is(lines()[1]?.['event'], 'plain')
})

test('the level decides what is written', () => {
  const { log, lines } = recordLog('warn')

  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')

  assert.equal(
    lines().map((line) => line['event']),
    ['c', 'd'],
  )
})

test('what is named like a secret is left out, however deep', () => {
  const { log, text } = recordLog()
  const secrets = {
    accessToken: 's3cret',
    refresh_token: 's3cret',
    client_secret: 's3cret',
    code: 's3cret',
    authorization_code: 's3cret',
    codeVerifier: 's3cret',
    password: 's3cret',
    tokens: { any: 's3cret' },
    headers: { cookie: 's3cret', 'Set-Cookie': ['s3cret'], Authorization: 's3cret' },
  }

  log.info('x', { ...secrets, deep: [{ deeper: secrets }] })

  assert.not.match(text(), 's3cret')
})

test('names that only resemble a secret are kept', () => {
  const { log, lines } = recordLog()

  log.info('x', {
    statusCode: 401,
    tokenUrl: 'https://p/token',
    tokens: 2,
    cookieName: 'curfew',
    problem: 'conflict',
  })

  const { statusCode, tokenUrl, tokens, cookieName, problem } = lines()[0] ?? {}
  assert.equal(
    { statusCode, tokenUrl, tokens, cookieName, problem },
    { statusCode: 401, tokenUrl: 'https://p/token', tokens: 2, cookieName: 'curfew', problem: 'conflict' },
  )
})

test('a URL loses its query values, its fragment and its password, wherever it stands', () => {
  const { log, lines, text } = recordLog()
  const error = new Error('GET https://p/cb?code=s3cret&state=s3cret failed', {
    cause: new Error('redis://user:s3cret@127.0.0.1:6379 said no'),
  })

  log.info('x', {
    url: new URL('https://p/x?a=s3cret#access_token=s3cret'),
    path: '/auth/callback/dev?code=s3cret&iss=s3cret',
    error,
  })

  assert.not.match(text(), 's3cret')
  assert.is(lines()[0]?.['path'], '/auth/callback/dev?code=…&iss=…')
  assert.match(text(), '127.0.0.1:6379 said no')
})

test('an error is written with its stack, causes and facts, and nothing else that hangs on it', () => {
  const { log, lines, text } = recordLog()
  const cause = Object.assign(new Error('ECONNREFUSED'), {
    code: 'ECONNREFUSED',
    command: { args: ['s3cret'] },
  })
  const error = new ServiceError('conflict', 'No.', { project: 'p1', token: 's3cret' }, { cause })

  log.error('x', { error })

  assert.match(JSON.stringify(lines()[0]?.['error']), '"code":"conflict"')
  assert.match(JSON.stringify(lines()[0]?.['error']), '"project":"p1"')
  assert.match(JSON.stringify(lines()[0]?.['error']), 'log.test')
  assert.match(JSON.stringify(lines()[0]?.['error']), '"code":"ECONNREFUSED"')
  assert.not.match(text(), 's3cret')
})

test('anything can be logged: circles, buffers, big numbers, endless lists', () => {
  const { log, lines } = recordLog()
  const circle: Record<string, unknown> = {}
  circle['circle'] = circle

  log.info('x', {
    circle,
    bytes: Buffer.from('s3cret'),
    big: 2n ** 64n,
    many: Array(10_000).fill('y'),
    long: 'z'.repeat(99_999),
  })

  assert.is(lines()[0]?.['bytes'], '(6 bytes)')
  assert.is(lines()[0]?.['big'], '18446744073709551616')
  assert.ok(JSON.stringify(lines()[0]).length < 20_000)
})

function recordLog(level: LogLevel = 'debug') {
  const written: string[] = []
  const destination = { write: (line: string) => void written.push(line) }
  return {
    log: createLog({ service: 'identity', instance: 'identity-1', level, destination }),
    text: () => written.join(''),
    lines: (): Record<string, unknown>[] => written.map((line) => JSON.parse(line)),
  }
}

test.run()
