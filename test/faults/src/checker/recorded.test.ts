import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, fault, judge, log, login, refused, signOff } from './given.js'

const test = suite('faults, checker: recorded')

const BEGAN = { type: 'session.created', eventId: 'began', ref: 'ref of s1' }
const LAST = { final: true }

test('a sign-off is in the log, once', () => {
  const revoked = { eventId: 'event-1', ref: 'ref of s1' }

  assert.equal(judge(login(), signOff(30, 40), ...log(BEGAN, revoked), refused(90, LAST)), [])
  assert.equal(judge(login(), signOff(30, 40), ...log(BEGAN)), ['4 not in the log'])
  assert.equal(judge(login(), signOff(30, 40), ...log(BEGAN, revoked, revoked)), ['4 twice in the log'])
})

test('one that found nothing to end is not in the log', () => {
  const refusedOne = signOff(30, 40, { kind: 'admin-session', by: 'root', outcome: 'refused', status: 404 })
  const line = { operation: refusedOne.id, ref: 'ref of s9' }

  assert.equal(judge(login(), refusedOne, ...log(BEGAN)), [])
  assert.equal(judge(login(), refusedOne, ...log(BEGAN, line)), ['4 in the log without effect'])
})

test('what the log says was ended is over, also where no answer came', () => {
  const lost = signOff(30, 40, { kind: 'everywhere', outcome: 'lost', status: 0 })
  const line = { type: 'user.logged-out', operation: lost.id }

  assert.equal(judge(login(), lost, ...log(BEGAN, line), refused(90, LAST)), [])
  assert.equal(judge(login(), lost, ...log(BEGAN, line), accepted(90, LAST)), ['4 in the log without effect'])
})

test('what it does not say lives', () => {
  const lost = signOff(30, 40, { kind: 'everywhere', outcome: 'lost', status: 0 })

  assert.equal(judge(login(), lost, ...log(BEGAN), accepted(90, LAST)), [])
  assert.equal(judge(login(), lost, ...log(BEGAN), refused(90, LAST)), ['4 effect without the log'])
})

test('the order of the log counts, and so does who is left out', () => {
  const line = { type: 'user.logged-out', operation: 'sign-off-30' }
  const others = signOff(30, 40, { kind: 'others', except: 's1' })

  assert.equal(judge(login(), ...log(line, BEGAN), accepted(90, LAST)), [])
  assert.equal(judge(login(), others, ...log(BEGAN, line), accepted(90, LAST)), [])
})

test('what a failover may have lost is excused', () => {
  const failover = fault(15, 20, { mayLose: true })

  assert.equal(judge(login(), failover, ...log(BEGAN), refused(90, LAST)), [])
})

test('so is the log that was lost with a restored Redis', () => {
  const restored = fault(50, 60, { forgets: true })

  assert.equal(judge(login(), signOff(30, 40), restored, ...log(BEGAN)), [])
  assert.equal(judge(login(), restored, signOff(70, 80), ...log(BEGAN)), ['4 not in the log'])
})

test('a log that nobody read says nothing', () => {
  assert.equal(judge(login(), signOff(30, 40), refused(90, LAST)), [])
})

test.run()
