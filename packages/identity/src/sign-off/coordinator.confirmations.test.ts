import { boundMs, type Member } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BOUND_MS, inEveryStory, membersIn, SELF, type Step } from '../testing/coordination-stories.js'
import type { Coordination, CoordinationInput } from './coordinator.js'

const test = suite('identity: coordinator, what it takes to confirm, whatever comes in whatever order')

/** The bound's last part is for asking Redis. */
const ASKING_MS = 40

test('nothing is confirmed by all before each awaited member has acknowledged it in its history', () => {
  inEveryConfirmation(({ i, now, input, sign, steps }) => {
    if (isLapsed(sign, now) && input.type === 'witnessed') return
    for (const member of sign.members) {
      if (member.history !== sign.history) continue
      const said = steps.slice(0, i + 1).some((step) => says(step.input, member.id, sign))
      assert.ok(said || member.acknowledged >= sign.sequence, `${member.id} did not acknowledge it`)
    }
  })
})

test('nothing is confirmed by all within a bound of the first sight of its history', () => {
  inEveryConfirmation(({ i, now, sign, steps }) => {
    if (isLapsed(sign, now)) return
    const seen = steps.slice(0, i + 1).findLastIndex((step) => isOfAnother(step.input, sign.history))
    const first = steps.slice(seen + 1).find((step) => isOf(step.input, sign.history))
    assert.ok(first && now - first.now >= BOUND_MS, 'its table could not be believed')
  })
})

test('nothing is confirmed by time unless Redis was asked after the longest lease, and had its history', () => {
  inEveryConfirmation(({ i, input, sign, steps }) => {
    const isByTime = !sign.members.every(
      (member) =>
        member.history !== sign.history ||
        member.acknowledged >= sign.sequence ||
        steps.slice(0, i + 1).some((step) => says(step.input, member.id, sign)),
    )
    if (!isByTime) return
    assert.is(input.type, 'witnessed')
    if (input.type !== 'witnessed') return
    assert.is(input.history, sign.history)
    assert.ok(isLapsed(sign, input.sentAt), 'a lease may still have run when Redis was asked')
  })
})

test('nothing is confirmed unless Redis was asked after the last word, or all of these words prove the history', () => {
  inEveryConfirmation(({ i, input, sign, steps }) => {
    if (isProvenBy(steps, i, sign)) return
    assert.is(input.type, 'witnessed')
    if (input.type !== 'witnessed') return
    assert.is(input.history, sign.history)
    if (isLapsed(sign, input.sentAt)) return
    for (const { id, history, acknowledged } of sign.members) {
      if (history !== sign.history || acknowledged >= sign.sequence) continue
      // Also in the table of that very answer, if it took no time: Redis read it in the step in which it had the history.
      const said = steps.slice(0, i + 1).find((step) => says(step.input, id, sign))
      assert.ok(said && said.now <= input.sentAt, `${id} said so after Redis was asked`)
    }
  })
})

test('nothing is confirmed unless it was remembered here when Redis was asked, or before we spoke ourselves', () => {
  inEveryConfirmation(({ i, input, sign, steps }) => {
    if (isProvenBy(steps, i, sign)) return
    assert.is(input.type, 'witnessed')
    if (input.type !== 'witnessed') return
    const knew = steps.slice(0, i).some(({ after: { remembered }, now: at }) => {
      return at <= input.sentAt && remembers(remembered, sign)
    })
    assert.ok(knew && sign.now <= input.sentAt)
  })
})

test.run()

interface Confirmation {
  readonly steps: readonly Step[]
  /** Of the step that confirmed it. */
  readonly i: number
  readonly now: number
  readonly input: CoordinationInput
  readonly sign: Recording
}

function inEveryConfirmation(check: (confirmation: Confirmation) => void): void {
  inEveryStory((steps) => {
    for (const [i, { now, input, effects }] of steps.entries()) {
      for (const effect of effects) {
        if (effect.type !== 'confirmed') continue
        check({ steps, i, now, input, sign: recordingOf(steps, effect.ticket) })
      }
    }
  })
}

interface Recording {
  readonly now: number
  readonly history: string
  readonly sequence: number
  readonly members: readonly Member[]
}

function recordingOf(steps: readonly Step[], ticket: number): Recording {
  for (const { input, now } of steps) {
    if (input.type === 'recorded' && input.ticket === ticket) {
      return { now, ...input.recorded, members: membersIn(input) }
    }
  }
  throw new TypeError(`nothing was recorded with ticket ${ticket}`)
}

/** Whether the lease of everybody who was a member has ended. */
function isLapsed({ now, members }: Recording, at: number): boolean {
  return at >= now + Math.max(BOUND_MS, ...members.map(({ leaseMs }) => boundMs(leaseMs))) - ASKING_MS
}

/** Whether the history was settled before it was decided, and we spoke ourselves, of what was remembered as it was heard. */
function isProvenBy(steps: readonly Step[], i: number, sign: Recording): boolean {
  const confirming = steps[i]
  const settledAt = confirming?.after.known?.settledAt ?? Number.POSITIVE_INFINITY
  const remembered = confirming?.after.remembered ?? null
  const isMember = sign.members.some(({ id, history }) => id === SELF && history === sign.history)
  return (
    isMember &&
    sign.now >= settledAt &&
    remembers(remembered, sign) &&
    remembered !== null &&
    remembered.since < sign.sequence
  )
}

function remembers(remembered: Coordination['remembered'], { history, sequence }: Recording): boolean {
  return remembered?.history === history && remembered.sequence >= sequence
}

/** Whether the instance said with this that it has applied a sign-off. */
function says(input: CoordinationInput, id: string, { history, sequence }: Recording): boolean {
  if (input.type === 'acknowledged') {
    return input.heard.some(
      (heard) => heard.instance === id && heard.history === history && heard.sequence >= sequence,
    )
  }
  return (
    input.type === 'witnessed' &&
    membersIn(input).some(
      (member) => member.id === id && member.history === history && member.acknowledged >= sequence,
    )
  )
}

function historyOf(input: CoordinationInput): string | null {
  if (input.type === 'recorded') return input.recorded.history
  return input.type === 'witnessed' ? input.history : null
}

const isOf = (input: CoordinationInput, history: string) => historyOf(input) === history
const isOfAnother = (input: CoordinationInput, history: string) =>
  historyOf(input) !== null && historyOf(input) !== history
