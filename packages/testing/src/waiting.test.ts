import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred } from './deferred.js'
import { eventually, lookAgainInMs } from './eventually.js'
import { rejects } from './rejects.js'

const test = suite('testing: waiting')

test('eventually waits until the condition holds, and hands on what it answers', async () => {
  let looks = 0

  assert.is(await eventually(() => ++looks > 2 && 'there'), 'there')
  assert.is(looks, 3)
})

test('eventually gives up, and says what the condition threw last', async () => {
  const failure = await eventually(() => assert.is(1, 2), { within: 20 }).then(
    () => null,
    (error: unknown) => error,
  )

  assert.instance(failure, Error)
  assert.match(String(failure instanceof Error && failure.cause), 'Expected values to be strictly equal')
})

test('the longer it has waited, the more rarely it looks', () => {
  assert.equal([0, 100, 200, 1_000, 2_000, 60_000].map(lookAgainInMs), [5, 5, 10, 50, 100, 100])
})

test('rejects is red for a promise that resolves, for another code, and for none', async () => {
  const codes = [Promise.resolve(), Promise.reject(withCode('OTHER')), Promise.reject(new Error('none'))]
  const outcomes = await Promise.allSettled(codes.map((promise) => rejects(promise, 'WANTED')))

  assert.equal(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  assert.is((await rejects(Promise.reject(withCode('WANTED')), 'WANTED')).message, 'failed')
})

test('deferred is settled from outside', async () => {
  const { promise, resolve } = deferred<number>()

  resolve(7)

  assert.is(await promise, 7)
})

test.run()

function withCode(code: string): Error {
  return Object.assign(new Error('failed'), { code })
}
