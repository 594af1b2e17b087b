import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, fault, judge, login, refused, request, signOff } from './given.js'

const test = suite('faults, checker: no false logout')

test('an outage is 503 with Retry-After, and nothing else', () => {
  const unavailable = { outcome: 'unavailable', status: 503 } as const

  assert.equal(judge(login(), request(20, { ...unavailable, retryAfter: true }), accepted(30)), [])
  assert.equal(judge(login(), request(20, unavailable)), ['5 503 without Retry-After'])
  assert.equal(judge(login(), request(20, { outcome: 'unexpected', status: 500 })), ['5 unexpected answer'])
  assert.equal(judge(login(), request(20, { outcome: 'lost', status: 0 })), [])
})

test('nobody is told to sign in whose session nothing has ended', () => {
  assert.equal(judge(login(), refused(20)), ['5 refused alive'])
  assert.equal(judge(login(), refused(20), signOff(30, 40)), ['5 refused alive'])
})

test('a sign-off that may have happened explains it', () => {
  const lost = signOff(20, 40, { outcome: 'lost', status: 0 })

  assert.equal(judge(login(), lost, refused(20.5)), [])
})

test('that there was nothing to end explains nothing', () => {
  const nothing = signOff(20, 22, { kind: 'admin-session', by: 'root', outcome: 'refused', status: 404 })

  assert.equal(judge(login(), nothing, refused(30)), ['5 refused alive'])
})

test('no cookie is deleted before the session is over', () => {
  const deleting = { cookieDeleted: true }

  assert.equal(judge(login(), signOff(30, 40, deleting), refused(50, deleting)), [])
  assert.equal(
    judge(login(), request(20, { ...deleting, retryAfter: true, status: 503, outcome: 'unavailable' })),
    ['5 cookie deleted'],
  )
  const unrecorded = { outcome: 'unrecorded', status: 503, retryAfter: true } as const
  assert.equal(judge(login(), signOff(30, 40, { ...unrecorded, ...deleting })), ['5 cookie deleted'])
})

test('a login that fails leaves the browser its session', () => {
  const failed = login({ session: 's1', replaces: 's1', start: 20, end: 30, outcome: 'blocked', status: 403 })
  const { session, ref, ...blocked } = failed

  assert.equal(judge(login(), blocked), [])
  assert.equal(judge(login(), { ...blocked, cookieDeleted: true }), ['5 cookie deleted'])
})

test('when all is over every instance answers, and serves whom nothing has ended', () => {
  const last = { final: true }

  assert.equal(judge(login(), { op: 'healed', at: 80 }, accepted(90, last)), [])
  assert.equal(judge(login(), { op: 'healed', at: null }), ['5 not well again'])
  assert.equal(judge(login(), request(90, { ...last, outcome: 'lost' })), ['5 not well again'])
})

// found 2026-11-27: a machine that stood still for half a second was taken for a system that is not well
test('who is told to come again does so, and is answered in the end, by each instance', () => {
  const last = { final: true }
  const later = { ...last, outcome: 'unavailable', status: 503, retryAfter: true } as const

  assert.equal(judge(login(), request(90, later), accepted(95, last)), [])
  assert.equal(judge(login(), request(90, later), accepted(95, { ...last, instance: 'another' })), [
    '5 not well again',
  ])
  assert.equal(judge(login(), accepted(90, last), request(95, later)), ['5 not well again'])
  assert.equal(judge(login(), request(90, later), request(95, { ...last, outcome: 'lost' })), [
    '5 not well again',
  ])
})

test('a session that a failover may have lost is excused', () => {
  const failover = fault(500, 900, { mayLose: true })

  assert.equal(judge(login(), failover, refused(1_000)), [])
  assert.equal(judge(login(), fault(2_000, 2_100, { mayLose: true }), refused(2_200)), ['5 refused alive'])
})

test('after Redis was restored from an older copy people may have to sign in again', () => {
  const restored = fault(500, 900, { forgets: true })

  assert.equal(judge(login(), restored, refused(1_000)), [])
  assert.equal(judge(login({ start: 950, end: 960 }), restored, refused(1_000)), ['5 refused alive'])
})

test('a session that nobody used for its idle time ends by itself', () => {
  const short = login({ idleMs: 1_000 })

  assert.equal(judge(short, accepted(100), refused(900)), [])
  assert.equal(judge(short, accepted(100), refused(800)), ['5 refused alive'])
})

test.run()
