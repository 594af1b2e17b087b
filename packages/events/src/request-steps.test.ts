import { type CurfewEvent, createEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { requestSteps } from './request-steps.js'

const test = suite('events: the steps of one request')

// found 2026-11-26: sorted by time, what came newest first stayed so within a millisecond.
test('steps of one millisecond stand in the order of the log, and a clock that is behind moves none', () => {
  const [first, second, third] = [step(1_000), step(1_000), step(400)]
  const { events, isMore } = requestSteps({ events: [third, second, first], isMore: false }, [], 500)
  assert.equal(idsOf(events), idsOf([first, second, third]))
  assert.is(isMore, false)
})

test('what is heard comes last, and once when the answer has it too', () => {
  const [first, second, third] = [step(1), step(2), step(3)]
  const { events } = requestSteps({ events: [second, first], isMore: false }, [second, third], 500)
  assert.equal(idsOf(events), idsOf([first, second, third]))
})

test('only the newest are kept, and it is known that there are more', () => {
  const [first, second, third] = [step(1), step(2), step(3)]
  const full = requestSteps({ events: [second, first], isMore: false }, [third], 2)
  assert.equal(idsOf(full.events), idsOf([second, third]))
  assert.is(full.isMore, true)
  assert.is(requestSteps({ events: [second], isMore: true }, [], 2).isMore, true)
})

const step = (ms: number) =>
  createEvent('identity', 'session.created', 'u-grace', { actor: 'u-grace' }, new Date(ms))
const idsOf = (events: readonly CurfewEvent[]) => events.map(({ id }) => id)

test.run()
