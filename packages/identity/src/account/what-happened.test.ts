import { EVENT_TYPES, type OwnEvent } from '@curfew/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { toneOf, whatHappened } from '#browser/what-happened.js'

const test = suite('identity: what happened, in words')

const event = (wanted: Partial<OwnEvent>): OwnEvent => ({
  id: 'event-1',
  type: 'session.created',
  time: '2027-01-12T18:30:00.000Z',
  by: 'you',
  ...wanted,
})

test('it is told to whom it happened, and who did it', () => {
  for (const [wanted, words] of [
    [{ provider: 'dev' }, 'You signed in with dev'],
    [{ provider: 'demo' }, 'You signed in with Town hall'],
    [{ type: 'session.revoked', reason: 'revoked' }, 'You ended a session on another device'],
    [{ type: 'session.revoked', by: 'admin' }, 'An admin ended one of your sessions'],
    [{ type: 'user.logged-out', reason: 'others' }, 'You signed out all your other sessions'],
    [{ type: 'user.logged-out', by: 'admin' }, 'An admin signed you out everywhere'],
    [{ type: 'user.logged-out', by: 'curfew' }, 'You were signed out everywhere'],
    [
      { type: 'everyone.logged-out', by: 'curfew', reason: 'store-behind' },
      'Everybody was signed out, to be on the safe side after a failure',
    ],
    [
      { type: 'session.expired', by: 'curfew', reason: 'idle' },
      'A session ended by itself: unused for too long',
    ],
    [
      { type: 'login.failed', by: 'nobody', reason: 'user-blocked' },
      'A sign-in was refused: your account is blocked',
    ],
    [
      { type: 'user.changed', by: 'curfew', field: 'roles', before: 'viewer', after: '' },
      'Your roles changed at the provider: viewer → none',
    ],
  ] as const) {
    assert.is(whatHappened(event(wanted), { demo: 'Town hall' }), words)
  }
})

test('every type has a sentence, also with nothing but the bare facts', () => {
  for (const type of EVENT_TYPES) {
    for (const by of ['you', 'admin', 'curfew', 'nobody'] as const) {
      assert.match(whatHappened(event({ type, by }), {}), /^(You|Your|An?|One|Everybody|Something) /)
      assert.not.match(whatHappened(event({ type, by }), {}), 'undefined')
    }
  }
})

test('what they did not do themselves stands out', () => {
  assert.is(toneOf(event({ type: 'user.logged-out', by: 'admin' })), 'warn')
  assert.is(toneOf(event({ type: 'user.logged-out' })), 'plain')
  assert.is(toneOf(event({ type: 'everyone.logged-out', by: 'curfew' })), 'warn')
  assert.is(toneOf(event({ type: 'login.failed', by: 'nobody' })), 'danger')
})

// found 2026-11-26
test('a code that every object has a property of is no code that is known', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    assert.is(whatHappened(event({ provider: name }), {}), `You signed in with ${name}`)
    const told = [
      event({ type: 'login.failed', by: 'nobody', reason: name }),
      event({ type: 'session.revoked', reason: name }),
      event({ type: 'user.changed', field: name, before: 'a', after: 'b' }),
    ].map((one) => whatHappened(one, {}))
    assert.equal(told, [
      'A sign-in was refused: the provider’s answer was not accepted',
      'You ended a session',
      'Your profile changed at the provider: a → b',
    ])
  }
})

test.run()
