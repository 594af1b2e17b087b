import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, fault, judge, login, refused, signOff, unblock } from './given.js'

const test = suite('faults, checker: final')

const OPEN = { outcome: 'lost', status: 0 } as const

test('refused once, a session is not served again by the same instance', () => {
  const open = signOff(30, 40, OPEN)

  assert.equal(judge(login(), open, refused(50), accepted(52)), ['3 came back'])
  assert.equal(judge(login(), open, accepted(50), refused(52)), [])
})

test('another instance may serve it for a bound, and no longer', () => {
  const named = signOff(0, 1, { user: 'grace', session: 'other', by: 'other' })
  const open = signOff(30, 40, OPEN)

  assert.equal(judge(login(), named, open, refused(50), accepted(151, { instance: 'service-2' })), [])
  assert.equal(judge(login(), named, open, refused(50), accepted(152, { instance: 'service-2' })), [
    '3 came back',
  ])
})

test('what a failover may have undone is excused, unless it was answered', () => {
  const failover = fault(45, 60, { mayLose: true })

  assert.equal(judge(login(), signOff(30, 40, OPEN), refused(42), failover, accepted(70)), [])
  assert.equal(
    judge(login(), signOff(30, 40), refused(42), failover, accepted(70)).filter((one) => one.startsWith('3')),
    ['3 came back'],
  )
})

test('nobody signs in between a block and its lifting', () => {
  const block = signOff(30, 40, { kind: 'block', by: 'root' })
  const inside = login({ session: 's2', start: 41, end: 60 })

  assert.equal(judge(block, inside), ['3 login while blocked'])
  assert.equal(judge(block, unblock(50, 70), inside), [])
  assert.equal(judge(block, unblock(61, 70), inside), ['3 login while blocked'])
  assert.equal(judge(block, unblock(50, 70, { outcome: 'refused', status: 409 }), inside), [
    '3 login while blocked',
  ])
  assert.equal(judge(block, unblock(20, 29), inside), ['3 login while blocked'])
})

test('a login that came back before the block was answered may be in time', () => {
  const block = signOff(30, 40, { kind: 'block', by: 'root' })

  assert.equal(judge(block, login({ session: 's2', start: 20, returnedAt: 39, end: 60 })), [])
})

test('at the end nothing lives that was ended', () => {
  const replaced = login({ session: 's2', replaces: 's1', start: 20, end: 30 })

  assert.equal(judge(login(), replaced, refused(90, { final: true })), [])
  assert.equal(judge(login(), replaced, accepted(90, { final: true })), ['3 alive at the end'])
})

test('at the end all instances say the same', () => {
  const open = signOff(30, 40, OPEN)
  const one = { final: true, instance: 'service-1' }
  const two = { final: true, instance: 'service-2' }

  assert.equal(judge(login(), open, accepted(90, one), accepted(90, two)), [])
  assert.equal(judge(login(), open, refused(90, one), refused(90, two)), [])
  assert.equal(judge(login(), open, accepted(90, one), refused(90, two)), ['3 at odds'])
})

test.run()
