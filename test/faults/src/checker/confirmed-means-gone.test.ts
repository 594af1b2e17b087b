import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, judge, login, message, refused, signOff } from './given.js'

const test = suite('faults, checker: confirmed means gone')

test('a session that is refused after its sign-off is as it should be', () => {
  assert.equal(judge(login(), accepted(20), signOff(30, 40), refused(41), message(29)), [])
})

test('a request that began before the answer may still be served', () => {
  assert.equal(judge(login(), signOff(30, 40), accepted(39, { end: 500 })), [])
})

test('a request that began after the answer may not', () => {
  assert.equal(judge(login(), signOff(30, 40), accepted(41)), ['1 served after confirmed'])
})

test('nor may a message be sent', () => {
  assert.equal(judge(login(), signOff(30, 40), message(40.5)), ['1 message after confirmed'])
})

test('nor may a sign-off be asked for under it', () => {
  const again = signOff(50, 60, { kind: 'everywhere' })

  assert.equal(judge(login(), signOff(30, 40), again), ['1 served after confirmed'])
})

test('what is pending counts from the receipt that said that it is confirmed', () => {
  const pending = signOff(30, 40, { outcome: 'pending', status: 202 })
  const receipt = {
    op: 'receipt',
    id: 'receipt-1',
    signOff: pending.id,
    confirmed: true,
    start: 50,
    end: 60,
    status: 200,
    retryAfter: false,
    cookieDeleted: false,
  } as const

  assert.equal(judge(login(), pending, receipt, accepted(59)), [])
  assert.equal(judge(login(), pending, receipt, accepted(61)), ['1 served after confirmed'])
})

test('everywhere covers every session of the user, and nobody else’s', () => {
  const all = signOff(30, 40, { kind: 'everywhere' })
  const second = login({ session: 's2' })
  const grace = login({ session: 's3', user: 'grace' })

  assert.equal(judge(login(), second, all, accepted(50, { session: 's2' })), ['1 served after confirmed'])
  assert.equal(judge(login(), grace, all, accepted(50, { session: 's3' })), [])
})

test('the others are all but one', () => {
  const others = signOff(30, 40, { kind: 'others', except: 's1' })
  const second = login({ session: 's2' })

  assert.equal(judge(login(), second, others, accepted(50), refused(50, { session: 's2' })), [])
  assert.equal(judge(login(), second, others, accepted(50, { session: 's2' })), ['1 served after confirmed'])
})

test('a login that had begun before is covered, however late it ends', () => {
  const all = signOff(30, 40, { kind: 'everywhere' })

  const late = login({ session: 's2', start: 20, begunBy: 29, returnedAt: 50, end: 60 })
  assert.equal(judge(login(), all, late, accepted(70, { session: 's2' })), ['1 served after confirmed'])

  const meanwhile = login({ session: 's2', start: 20, begunBy: 35, returnedAt: 50, end: 60 })
  assert.equal(judge(login(), all, meanwhile, accepted(70, { session: 's2' })), [])

  const afterwards = login({ session: 's2', start: 41, end: 60 })
  assert.equal(judge(login(), all, afterwards, accepted(70, { session: 's2' })), [])
})

test('nobody is served under the session of somebody else', () => {
  assert.equal(judge(login(), accepted(20, { answeredRef: 'ref of s1' })), [])
  assert.equal(judge(login(), accepted(20, { answeredRef: 'ref of s2' })), ['1 mixed up'])
})

test.run()
