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
  const { sentinelRetryStrategy, ...connection } = redisConnection(
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
    failoverDetector: false,
    updateSentinels: false,
    sentinelCommandTimeout: 1_000,
  })
  assert.equal([sentinelRetryStrategy?.(1), sentinelRetryStrategy?.(100)], [50, 500])
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
  'redis+sentinel://one/main?sentinel=',
  'redis+sentinel://one/main?sentinel=two:abc',
  'redis+sentinel://one/main?sentinel=two:70000',
  'redis+sentinel://one/main?sentinal=two',
  'redis+sentinel://one/main?db=two',
  'redis://one/two',
  'redis://one?tls=yes',
  'redis://:%zz@one',
]) {
  test(`${JSON.stringify(address)} is none`, () => {
    assert.not(isRedisAddress(address))
    assert.throws(() => redisConnection(address), 'that is not the address of a Redis')
  })
}

test.run()
