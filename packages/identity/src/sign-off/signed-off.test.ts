import { setMaxListeners } from 'node:events'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readReceipt } from '../testing/answers.js'
import { givenApp } from '../testing/given-app.js'
import { givenIdentity } from '../testing/given-identity.js'
import { awaitConfirmation } from './confirmation.js'
import { followSignOff, type RecordedFact } from './signed-off.js'

const test = suite('identity: a sign-off that is being confirmed')

test('when its identity leaves, everybody who waits hears how it stands', async () => {
  await using world = await givenIdentity({ leaseMs: 60_000 })
  const leaving = new AbortController()
  setMaxListeners(0, leaving.signal)
  const silent = { id: 'projects-1', service: 'projects', history: 'h', acknowledged: 0, renewals: 1 }
  const recorded: RecordedFact = {
    kind: 'recorded',
    history: 'h',
    sequence: 1,
    sessions: 1,
    eventId: 'event-1',
    members: [{ ...silent, leaseMs: 60_000, renewedAt: 0, hooksFailed: [] }],
  }
  const signedOff = followSignOff({
    bell: world.bell,
    leaving: leaving.signal,
    onError: assert.unreachable,
  })({
    recorded,
    type: 'session.revoked',
    story: null,
    decidedAt: performance.now(),
    record: async () => recorded,
  })

  const answering = Promise.all(Array.from({ length: 30 }, () => signedOff.within()))
  leaving.abort()
  const [first, ...others] = [...(await answering), await signedOff.within(60_000)]

  assert.is(first?.confirmed, false)
  assert.is(first?.instances[0]?.state, 'pending')
  assert.is(others.length, 30)
})

// found 2026-11-27: nothing was said, not even of a mistake of ours
test('what keeps it from being recorded again is told once, and it is tried again', async () => {
  const told: unknown[] = []
  const stopping = new AbortController()
  const answers = [new Error('Redis is away'), new Error('Redis is away'), new Error('the last')]
  const recorded = { kind: 'recorded', history: 'h', sequence: 1, sessions: 1, eventId: 'event-1' } as const
  let tries = 0
  followSignOff({
    bell: {
      follow: (before, decidedAt) => ({
        confirmation: awaitConfirmation(before, {
          decidedAt,
          durableAt: decidedAt,
          boundMs: 1,
          settledAt: 0,
        }),
        outcome: Promise.resolve('overtaken'),
      }),
    },
    stopping: stopping.signal,
    onError: (error) => told.push(error),
  })({
    recorded: { ...recorded, members: [] },
    type: 'session.revoked',
    story: null,
    decidedAt: performance.now(),
    async record() {
      const answer = answers[tries++]
      if (tries === answers.length) stopping.abort()
      throw answer
    },
  })

  await eventually(() => tries === answers.length)

  assert.is(tries, 3)
  assert.equal(told, [answers[0]])
})

// found 2026-11-26: from the eleventh on Node warned of a leak
test('any number may wait for their receipts, and nobody is warned', async () => {
  await using app = await givenApp({ env: { LEASE_MS: '5000' } })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  const people = await Promise.all(Array.from({ length: 20 }, (_, i) => app.login({ subject: `p${i}` })))

  const answers = await Promise.all(
    people.map(({ browser }) => browser.fetchApi('/auth/logout', { method: 'POST', json: {} })),
  )
  process.off('warning', onWarning)

  for (const answer of answers) assert.is(readReceipt(answer).confirmed, true)
  assert.equal(warnings, [])
})

test.run()
