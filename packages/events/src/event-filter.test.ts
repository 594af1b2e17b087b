import { type CurfewEvent, createEvent, EVENT_TYPES, type EventData, type EventType } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventFilter, matches } from './event-filter.js'
import { whatHappened, whoDidIt, whyItHappened } from './event-words.js'

const test = suite('events: filter and words')

const BLOCKED: CurfewEvent = {
  ...createEvent(
    'identity',
    'user.blocked',
    'u-vito',
    {
      actor: 'u-ada',
      actorName: 'Ada Admin',
      subjectName: 'Vito Viewer',
      reason: 'Lost his laptop',
      ip: '203.0.113.7',
      ref: 'AAbb',
      correlationId: 'c-12345678',
    },
    new Date('2027-03-01T12:00:00Z'),
  ),
  sequence: 7,
}

const fits = (filter: EventFilter) => matches(filter, BLOCKED)

test('an empty filter lets everything through', () => {
  assert.ok(fits({}))
  assert.ok(fits({ types: [] }))
})

test('types: any of several, or a whole noun', () => {
  assert.ok(fits({ types: ['session.created', 'user.blocked'] }))
  assert.ok(fits({ types: ['user.*'] }))
  assert.not(fits({ types: ['session.*'] }))
  assert.not(fits({ types: ['user.unblocked'] }))
})

test('each of the other facts must be the same', () => {
  const right = {
    user: 'u-vito',
    actor: 'u-ada',
    ip: '203.0.113.7',
    ref: 'AAbb',
    service: 'identity',
    reason: 'Lost his laptop',
    correlationId: 'c-12345678',
  }

  assert.ok(fits(right))
  for (const name of Object.keys(right)) assert.not(fits({ ...right, [name]: 'other' }), name)
})

test('time: from is included, to is not', () => {
  const at = Date.parse('2027-03-01T12:00:00Z')

  assert.ok(fits({ from: at, to: at + 1 }))
  assert.not(fits({ from: at + 1 }))
  assert.not(fits({ to: at }))
})

test('text: every word somewhere in what is shown, whatever its case', () => {
  assert.ok(fits({ text: 'vito' }))
  assert.ok(fits({ text: 'ADA blocked laptop' }))
  assert.ok(fits({ text: '203.0.113' }))
  assert.ok(fits({ text: '  ' }))
  assert.not(fits({ text: 'ada unblocked' }))
})

test('every type of event has a sentence, also with nothing but the bare facts', () => {
  for (const type of EVENT_TYPES) {
    const event = createEvent('identity', type, null, { actor: null })
    assert.match(`${whoDidIt(event)} ${whatHappened(event)}`, /^Somebody [a-z]/)
    assert.not.match(whatHappened(event), 'undefined')
  }
})

test('of what only a newer version knows its type is said', () => {
  const event = { ...BLOCKED, type: 'user.promoted' }

  assert.is(
    `${whoDidIt(event)} ${whatHappened(event)}`,
    'Ada Admin did what is new to this version: user.promoted',
  )
  assert.ok(matches({ types: ['user.*'], text: 'promoted' }, event))
})

test('sentences say who did what to whom', () => {
  const say = (type: EventType, data: Partial<EventData>) => {
    const event = createEvent('identity', type, 'u-vito', { actor: 'u-vito', subjectName: 'Vito', ...data })
    return `${whoDidIt(event)} ${whatHappened(event)}`
  }

  assert.is(say('session.created', { provider: 'dev' }), 'Vito signed in with dev')
  assert.is(
    say('login.failed', { actor: null, provider: 'dev', reason: 'user-blocked' }),
    'Vito could not sign in with dev',
  )
  assert.is(say('session.revoked', { reason: 'logged-out' }), 'Vito signed out')
  assert.is(
    say('session.revoked', { actor: 'u-ada', actorName: 'Ada', reason: 'admin' }),
    'Ada ended a session of Vito',
  )
  assert.is(say('session.expired', { actor: 'system' }), 'Curfew ended a session of Vito whose time was over')
  assert.is(say('user.blocked', { actor: 'u-ada', actorName: 'Ada' }), 'Ada blocked Vito')
  assert.is(say('sign-off.confirmed', { actorName: 'Vito' }), 'Curfew confirmed that Vito is signed off')
  assert.is(
    say('project.renamed', { before: 'Engine', after: 'Motor' }),
    'Vito renamed the project “Engine” to “Motor”',
  )
  // found 2026-11-27: an empty Redis that was just started was called another one
  const met = { actor: 'system', after: 'h2' }
  assert.is(say('history.opened', met), 'Curfew met this history of Redis for the first time')
  assert.match(say('history.opened', { ...met, before: 'h1' }), 'Curfew met another history of Redis')
})

// found 2026-11-26
test('what an admin writes as a reason is shown as it is, whatever it is', () => {
  for (const reason of ['constructor', 'toString', '__proto__'])
    assert.is(
      whyItHappened(createEvent('identity', 'user.blocked', 'ada', { actor: 'root', reason })),
      reason,
    )
})

test.run()
