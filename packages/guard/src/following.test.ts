import { patienceMs, type SignOff } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  acknowledgedBy,
  type FollowInput,
  type Following,
  follow,
  type HelloAnswer,
  helloOf,
  judgeRead,
  mayServe,
  NOT_FOLLOWING,
  type ReadStamp,
} from './following.js'

const test = suite('guard: following')

const LEASE_MS = 5_000
const at = (ms: number) => ({ monotonicMs: ms, wallMs: 1_000_000 + ms })
const signOff = (sequence: number): SignOff => ({
  sequence,
  target: { kind: 'session', family: `f${sequence}`, ref: `r${sequence}`, userId: 'ada' },
  reason: 'logged-out',
  eventId: `e${sequence}`,
})
const hello = (
  sentAtMs: number,
  head: number,
  {
    standing = 'renewed',
    missed = [],
    history = 'h1',
  }: { standing?: HelloAnswer['standing']; missed?: SignOff[]; history?: string } = {},
): FollowInput => ({ type: 'hello-answered', sentAt: at(sentAtMs), history, head, standing, missed })
const heard = (sequence: number, history = 'h1'): FollowInput => ({
  type: 'heard',
  history,
  signOff: signOff(sequence),
})

/** Each input comes when it was sent: at once. */
function run(state: Following, ...inputs: FollowInput[]) {
  const effects: string[] = []
  for (const input of inputs) {
    const now = input.type === 'hello-answered' ? input.sentAt : at(0)
    const [next, done] = follow(state, input, now)
    state = next
    for (const effect of done) {
      if (effect.type === 'apply') effects.push(`apply ${effect.signOff.sequence}`)
      else if (effect.type === 'acknowledge') effects.push(`acknowledge ${effect.sequence}`)
      else effects.push(effect.type)
    }
  }
  return { state, effects }
}

const finished = (
  sequence: number,
  { history = 'h1', failed = false, from = sequence } = {},
): FollowInput => ({ type: 'hooks-finished', history, from, sequence, failed })
const joined = (head = 7) =>
  run(NOT_FOLLOWING, hello(0, head, { standing: 'joined' }), finished(head, { from: Math.min(1, head) }))
    .state

// found 2026-11-26 by a review, and by the model: "restored, a message and a clock"
test('an answer from before what was heard since empties memory, and takes nothing back', () => {
  const slept = { monotonicMs: 1_000, wallMs: at(3_000).wallMs }
  const late: FollowInput = {
    type: 'hello-answered',
    sentAt: slept,
    history: 'h1',
    head: 7,
    standing: 'renewed',
    missed: [],
  }
  const { state, effects } = run(joined(7), heard(8), finished(8), late)

  assert.equal(effects, ['apply 8', 'acknowledge 8', 'flush'])
  assert.is(state.applied, 8)
  assert.is(helloOf(state, slept, LEASE_MS).applied, 8)
})

test('who joins anew in its own history goes back to no earlier number', () => {
  const { state } = run(joined(7), heard(8), finished(8), hello(100, 7, { standing: 'joined' }))

  assert.is(state.applied, 8)
})

test('hooks that run when memory is emptied go on, and nothing is acknowledged before they have finished', () => {
  const emptied = run(joined(7), heard(8), heard(9), hello(100, 9, { standing: 'joined' })).state
  assert.equal(emptied.unfinished, [8, 8, 9])

  const { state, effects } = run(emptied, finished(9), finished(8))
  assert.equal(effects, [], 'one of two hooks for 8')
  assert.equal(run(state, finished(9, { from: 8 })).effects, ['acknowledge 9'])
})

// found 2026-11-27: all but the newest were acknowledged at once, before the hooks that run for all of them
test('of what emptying memory makes up for, nothing is acknowledged before its hooks have finished', () => {
  const emptied = run(joined(7), hello(100, 12)).state
  assert.is(helloOf(emptied, at(100), LEASE_MS).acknowledged, 7)
  assert.is(acknowledgedBy(run(emptied, heard(13), finished(13)).state), 7)

  const anew = run(joined(7), hello(100, 12, { standing: 'joined', history: 'h2' })).state
  assert.is(helloOf(anew, at(100), LEASE_MS).acknowledged, 0)
  assert.equal(run(anew, finished(12, { history: 'h2', from: 1 })).effects, ['acknowledge 12'])
})

test('joining empties memory and takes the head as applied', () => {
  const { state, effects } = run(
    NOT_FOLLOWING,
    hello(100, 7, { standing: 'joined' }),
    finished(7, { from: 1 }),
  )

  assert.equal(effects, ['flush', 'acknowledge 7'])
  assert.is(state.applied, 7)
  assert.ok(mayServe(state, at(100), LEASE_MS))
})

test('before the first hello nothing may be served, and nothing heard is applied', () => {
  const { state, effects } = run(NOT_FOLLOWING, heard(1))

  assert.not(mayServe(state, at(0), LEASE_MS))
  assert.equal(effects, [])
})

test('the next sign-off is applied, and acknowledged once its hooks have finished', () => {
  const first = run(joined(), heard(8))
  assert.equal(first.effects, ['apply 8'])
  assert.is(acknowledgedBy(first.state), 7)

  const then = run(first.state, finished(8))
  assert.equal(then.effects, ['acknowledge 8'])
})

test('a later sign-off whose hooks finish first is not acknowledged before the earlier one', () => {
  const { effects } = run(joined(), heard(8), heard(9), finished(9), finished(8))

  assert.equal(effects, ['apply 8', 'apply 9', 'acknowledge 9'])
})

test('a sign-off heard twice, or one from before, changes nothing', () => {
  const { effects } = run(joined(), heard(8), heard(8), heard(3))

  assert.equal(effects, ['apply 8'])
})

test('a hole in the sequence is not applied over: hello asks for what was missed', () => {
  const { state, effects } = run(joined(), heard(9))

  assert.equal(effects, ['hello'])
  assert.is(state.applied, 7)
})

test('a sign-off of another history asks to join it', () => {
  assert.equal(run(joined(), heard(8, 'h2')).effects, ['hello'])
})

test('a hello replays what was missed before it gives more time', () => {
  const { state, effects } = run(joined(), hello(1_000, 9, { missed: [signOff(8), signOff(9)] }))

  assert.equal(effects, ['apply 8', 'apply 9'])
  assert.is(state.applied, 9)
  assert.ok(mayServe(state, at(5_999), LEASE_MS))
})

test('what can’t be replayed without a gap empties memory', () => {
  const { state, effects } = run(joined(), hello(1_000, 12, { missed: [signOff(11), signOff(12)] }))

  assert.equal(effects, ['flush'], 'and nothing is acknowledged before the hooks have finished')
  assert.equal(run(state, finished(12, { from: 8 })).effects, ['acknowledge 12'])
  assert.is(state.applied, 12)
})

test('a replay that was cut short empties memory', () => {
  const { effects } = run(joined(), hello(1_000, 12, { missed: [signOff(8), signOff(9)] }))

  assert.equal(effects, ['flush'])
})

test('the lease runs from when the hello was sent, not from its answer', () => {
  const state = joined()

  assert.ok(mayServe(state, at(LEASE_MS - 1), LEASE_MS))
  assert.not(mayServe(state, at(LEASE_MS), LEASE_MS))
})

test('an answer that comes late takes no time away', () => {
  const { state } = run(joined(), hello(2_000, 7), hello(1_000, 7))

  assert.ok(mayServe(state, at(6_999), LEASE_MS))
})

test('a wall clock that moved on while the monotonic one stood still ends the lease', () => {
  const state = joined()

  assert.not(mayServe(state, { monotonicMs: 10, wallMs: 1_000_000 + LEASE_MS }, LEASE_MS))
  assert.not(mayServe(state, { monotonicMs: 10, wallMs: 1_000_000 - LEASE_MS }, LEASE_MS))
})

test('a machine that slept empties memory: what it holds knows its ends on a clock that stood still', () => {
  const slept = { type: 'hello-answered', history: 'h1', head: 7, standing: 'renewed', missed: [] } as const

  const { effects } = run(joined(), { ...slept, sentAt: { monotonicMs: 10, wallMs: 1_000_000 + 60_000 } })

  assert.equal(effects, ['flush'])
})

test('another history empties memory, and what its predecessor still had to finish is forgotten', () => {
  const { state, effects } = run(
    joined(),
    heard(8),
    hello(1_000, 2, { history: 'h2', standing: 'joined' }),
    finished(8),
  )

  assert.equal(effects, ['apply 8', 'flush'])
  assert.is(state.applied, 2)
  assert.is(state.history, 'h2')
})

test('an answer from an older history that comes after a newer one was joined is not followed', () => {
  const { state, effects } = run(
    NOT_FOLLOWING,
    hello(2_000, 5, { history: 'h2', standing: 'joined' }),
    hello(1_000, 9, { history: 'h1', standing: 'joined' }),
  )

  assert.equal(effects, ['flush', 'hello'])
  assert.is(state.history, 'h2')
})

test('a read is used only if no sign-off has overtaken it', () => {
  const { state } = run(joined(), heard(8))
  const read = { history: 'h1', head: 8, isOpen: true, flushesWhenSent: state.flushes }
  const judge = (stamp: ReadStamp, atMs = 100) => judgeRead(state, stamp, at(atMs), LEASE_MS)

  assert.is(judge(read), 'use')
  assert.is(judge({ ...read, head: 9 }), 'use')
  assert.is(judge({ ...read, head: 7 }), 'read-again')
  assert.is(judge({ ...read, flushesWhenSent: state.flushes - 1 }), 'read-again')
  assert.is(judge({ ...read, history: 'h2' }), 'rejoin')
  assert.is(judge({ ...read, isOpen: false }), 'rejoin')
})

test('a read whose answer waited for longer than the lease is not used', () => {
  const { state } = run(joined(), heard(8))
  const read = { history: 'h1', head: 8, isOpen: true, flushesWhenSent: state.flushes }

  assert.is(judgeRead(state, read, at(LEASE_MS - 1), LEASE_MS), 'use')
  assert.is(judgeRead(state, read, at(LEASE_MS), LEASE_MS), 'read-again')
})

test('a history that is not open gives no time, takes none away, and is asked again', () => {
  const waiting = { history: 'h2', standing: 'waiting' } as const
  const { state, effects } = run(joined(), hello(1_000, 7, waiting), hello(1_001, 7, waiting))

  assert.equal(effects, ['hello', 'hello-later'])
  assert.is(state.history, 'h1')
  assert.ok(mayServe(state, at(4_999), LEASE_MS))
  assert.not(mayServe(state, at(5_000), LEASE_MS))
})

// found 2026-11-26 by the model: "emptied, a block, late messages"
test('who has a lease opens a history that it was told of, and says nothing of one that it does not know yet', () => {
  const state = joined()
  assert.is(helloOf(state, at(1_000), LEASE_MS).opens, null)

  const told = run(state, hello(1_000, 7, { history: 'h2', standing: 'waiting' }))

  assert.equal(told.effects, ['hello'], 'at once')
  assert.is(helloOf(told.state, at(1_001), LEASE_MS).opens, 'h2')
  assert.is(helloOf(told.state, at(5_000), LEASE_MS).opens, 'h2', 'it has waited by then')
})

test('who waited for a closed history long enough says so, and of no other', () => {
  const waiting = (sentAtMs: number, history: string) => hello(sentAtMs, 0, { history, standing: 'waiting' })
  const { state } = run(NOT_FOLLOWING, waiting(1_000, 'h2'), waiting(1_500, 'h2'))

  assert.is(helloOf(state, at(1_000 + patienceMs(LEASE_MS) - 1), LEASE_MS).opens, null)
  assert.is(helloOf(state, at(1_000 + patienceMs(LEASE_MS)), LEASE_MS).opens, 'h2')

  const other = run(state, waiting(2_000, 'h3')).state
  assert.is(helloOf(other, at(2_000 + patienceMs(LEASE_MS) - 1), LEASE_MS).opens, null)
})

test('a Redis that has lost sign-offs is reported each time, and gives no time', () => {
  const behind = { history: 'h2', standing: 'behind' } as const
  const { state, effects } = run(joined(), hello(1_000, 3, behind), hello(1_500, 3, behind))

  assert.equal(effects, ['report-behind', 'hello-later', 'report-behind', 'hello-later'])
  assert.not(mayServe(state, at(5_000), LEASE_MS))
})

test('a history that was closed again gives its followers no more time', () => {
  const { state } = run(joined(), hello(1_000, 7, { standing: 'behind' }))

  assert.not(mayServe(state, at(5_000), LEASE_MS))
  assert.ok(mayServe(run(state, hello(2_000, 7)).state, at(5_000), LEASE_MS), 'until it is open')
})

test('failed hooks are acknowledged, and told', () => {
  const { state, effects } = run(joined(), heard(8), finished(8, { failed: true }))

  assert.equal(effects, ['apply 8', 'acknowledge 8'])
  assert.equal(helloOf(state, at(0), LEASE_MS).hooksFailed, [8])
})

test.run()
