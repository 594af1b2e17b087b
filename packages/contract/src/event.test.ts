import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEvent, parseEvent, parseLoggedEvent } from './event.js'

const test = suite('contract: event')

const event = createEvent('projects', 'project.created', 'ada', {
  actor: 'ada',
  reason: 'because',
  entries: 3,
  isFirst: true,
})
const parse = (changes: object) => parseEvent(JSON.stringify({ ...event, ...changes }))

test('what was created is read again', () => {
  assert.equal(parse({}), event)
  assert.equal(parse({ sequence: 7 })?.sequence, 7)
  assert.ok(parse({ data: { actor: null, isNewToThisVersion: true, nothing: null } }))
})

// found 2026-11-26: one fact whose time was “soon” broke the console of every admin
test('an event has a time, as RFC 3339 has it', () => {
  for (const time of ['2027-03-01T10:00:00Z', '2027-03-01T10:00:00.123456789+01:00'])
    assert.is(parse({ time })?.time, time)
  for (const time of [
    'soon',
    '',
    '2027',
    '2027-03-01',
    '2027-03-01T10:00:00',
    '2027-13-01T10:00:00Z',
    '2027-03-01T25:00:00Z',
    'Mon, 01 Mar 2027 10:00:00 GMT',
    1_800_000_000_000,
    null,
  ])
    assert.is(parse({ time }), null, String(time))
})

test('a field that is known has its type, and every other fact is a word, a number, or the like', () => {
  for (const name of ['actorName', 'ref', 'reason', 'ip', 'userAgent', 'correlationId', 'before', 'after'])
    for (const wrong of [1, null, true, ['x'], {}])
      assert.is(parse({ data: { actor: 'ada', [name]: wrong } }), null, `${name}: ${JSON.stringify(wrong)}`)
  for (const data of [{}, { actor: 7 }, { actor: 'ada', list: [1] }, { actor: 'ada', inner: {} }, [], null])
    assert.is(parse({ data }), null, JSON.stringify(data))
  for (const sequence of ['1', 1.5, null]) assert.is(parse({ sequence }), null, String(sequence))
})

test('what is no JSON, or of a type that is not known, is no event', () => {
  assert.is(parseEvent('{"type":'), null)
  assert.is(parseEvent('null'), null)
  assert.is(parse({ type: 'user.loved' }), null)
})

test('whoever keeps all events keeps those of a newer version too, and nothing that is malformed', () => {
  const parseAny = (changes: object) => parseLoggedEvent(JSON.stringify({ ...event, ...changes }))

  for (const type of ['project.created', 'user.loved', 'sign-off.timed-out'])
    assert.is(parseAny({ type })?.type, type)
  for (const type of [
    'loved',
    'User.loved',
    'user.loved.twice',
    'user.',
    '.loved',
    'user loved',
    '',
    `user.${'x'.repeat(99)}`,
    7,
    null,
  ])
    assert.is(parseAny({ type }), null, String(type))
  for (const wrong of [{ time: 'soon' }, { data: {} }, { subject: 7 }, { specversion: '2.0' }])
    assert.is(parseAny({ type: 'user.loved', ...wrong }), null, JSON.stringify(wrong))
})

test.run()
