import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isRedisAddress, redisConnection } from './redis-address.js'

const test = suite('contract: the address of Redis')

test('one Redis', () => {
  assert.equal(redisConnection('redis://127.0.0.1:6380'), { host: '127.0.0.1', port: 6380 })
  assert.equal(redisConnection('redis://localhost'), { host: 'localhost', port: 6379 })
  assert.equal(redisConnection('redis://[::1]:7000/3'), { host: '::1', port: 7000, db: 3 })
})

test('with a user, a password that is escaped, and TLS', () => {
  assert.equal(redisConnection('rediss://ada:p%40ss@redis.test'), {
    username: 'ada',
    password: 'p@ss',
    host: 'redis.test',
    port: 6379,
    tls: {},
  })
})

test('a master that Sentinels watch', () => {
  const { sentinelRetryStrategy, sentinelReconnectStrategy, ...connection } = redisConnection(
    'redis+sentinel://ada:secret@one:26379/main?sentinel=two&sentinel=[::1]:26381&sentinelPassword=x&db=2',
  )

  assert.equal(connection, {
    username: 'ada',
    password: 'secret',
    name: 'main',
    sentinels: [
      { host: 'one', port: 26_379 },
      { host: 'two', port: 26_379 },
      { host: '::1', port: 26_381 },
    ],
    db: 2,
    sentinelPassword: 'x',
    failoverDetector: true,
  })
  assert.is(sentinelRetryStrategy?.(1), 50)
  assert.is(sentinelReconnectStrategy?.(100), 500)
})

test('over TLS, to the Sentinels too', () => {
  const { tls, sentinelTLS, enableTLSForSentinelMode } = redisConnection('rediss+sentinel://one/main')

  assert.equal([tls, sentinelTLS, enableTLSForSentinelMode], [{}, {}, true])
})

for (const address of [
  '',
  'redis',
  'http://localhost',
  'redis://',
  'redis+sentinel://one',
  'redis+sentinel:///x',
]) {
  test(`${JSON.stringify(address)} is none`, () => {
    assert.not(isRedisAddress(address))
    assert.throws(() => redisConnection(address), 'that is not the address of a Redis')
  })
}

test.run()
