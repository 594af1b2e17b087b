import type { CurfewEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type GivenApp, givenApp } from '../testing/given-app.js'
import { ADMIN, givenIdentity } from '../testing/given-identity.js'
import { givenReceipt } from '../testing/given-receipt.js'
import { createConfirmedFacts } from './confirmed-facts.js'

const test = suite('identity: confirmed facts')

const POST = { method: 'POST', json: {} }
const STORY = { subject: 'ada', data: { actor: 'ada' }, reason: 'logged-out' }

test('a sign-off that is confirmed is followed by the fact that it is, under the same correlation id', async () => {
  await using app = await givenApp()
  const { browser, record } = await app.login()

  await browser.fetchApi('/auth/logout', { ...POST, headers: { 'X-Correlation-Id': 'follow-me-1' } })
  const { type, subject, data } = await confirmationIn(app)

  const ended = (await app.events()).find((event) => event.type === 'session.revoked')
  assert.is(type, 'sign-off.confirmed')
  assert.is(subject, record.user.id)
  const { actor, ref, ip, reason, correlationId, eventId, signOff, sequence, sessions, tookMs } = data
  assert.equal(
    { actor, ref, ip, reason, correlationId, eventId, signOff, sequence, sessions },
    {
      actor: record.user.id,
      ref: record.ref,
      ip: ended?.data.ip,
      reason: 'logged-out',
      correlationId: 'follow-me-1',
      eventId: ended?.id,
      signOff: 'session.revoked',
      sequence: 1,
      sessions: 1,
    },
  )
  assert.type(tookMs, 'number')
  assert.equal([data['applied'], data['lapsed']], [1, 0])
})

test('of a block it says that it was one, and not once more what the admin wrote', async () => {
  await using app = await givenApp()
  const mallory = await app.login({ subject: 'mallory' })
  const admin = await app.loginAdmin()

  await admin.browser.fetchApi(`/auth/admin/users/${mallory.record.user.id}/block`, {
    method: 'POST',
    json: { reason: 'lost laptop' },
  })
  const { subject, data } = await confirmationIn(app)

  assert.is(subject, mallory.record.user.id)
  assert.equal([data.actor, data.reason, data['signOff']], [admin.record.user.id, 'blocked', 'user.blocked'])
  // found 2026-11-27: as if to confirm it were to block somebody once more
  assert.equal([data.before, data.after], [undefined, undefined])
})

test('who ends a session that has been ended leaves it to the first to tell', async () => {
  await using world = await givenIdentity()
  const confirmed: string[] = []
  const signOffs = world.signOffsWith({ facts: { confirmed: ({ reason }) => void confirmed.push(reason) } })
  const { record } = await world.login()

  const [first, second] = [
    await signOffs.endSession(record, 'logged-out', ADMIN),
    await signOffs.endSession(record, 'admin', ADMIN),
  ]
  const receipts = [await first?.within(), await second?.within()]

  assert.equal(
    receipts.map((receipt) => receipt?.confirmed),
    [true, true],
  )
  assert.equal(confirmed, ['logged-out'])
})

test('two identities that see one sign-off confirmed write the same id, and each sign-off has its own', async () => {
  const ids: string[] = []
  for (const eventId of ['event-1', 'event-1', 'event-2']) {
    const facts = createConfirmedFacts({
      write: async (events) => void ids.push(...events.map(({ id }) => id)),
      onError: (error) => assert.unreachable(String(error)),
    })
    facts.confirmed(STORY, givenReceipt({ event: { id: eventId, type: 'session.revoked', sequence: 1 } }))
    await facts.stop()
  }

  assert.is(new Set(ids).size, 2)
  assert.is(ids[0], ids[1])
  for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
})

test('those that are confirmed at the same time are written together, and again while Redis is away', async () => {
  const written: CurfewEvent[] = []
  const errors: unknown[] = []
  let tries = 0
  const facts = createConfirmedFacts({
    async write(events) {
      tries++
      if (tries === 1) throw new Error('Redis is away')
      written.push(...events)
    },
    onError: (error) => errors.push(error),
  })

  facts.confirmed(STORY, givenReceipt())
  facts.confirmed(STORY, givenReceipt({ event: { id: 'event-2', type: 'user.blocked', sequence: 2 } }))
  await eventually(() => written.length > 0)

  assert.equal(
    written.map(({ data }) => data['eventId']),
    ['event-1', 'event-2'],
  )
  assert.equal([tries, errors.length], [2, 1])
})

// found 2026-11-27: only the newest write was waited for, and what an older one had not written was gone
test('who stops waits for every write, and writes what one of them could not', async () => {
  const answers: Array<(error?: Error) => void> = []
  const written: string[] = []
  const facts = createConfirmedFacts({
    async write(events) {
      await new Promise<void>((resolve, reject) => {
        answers.push((error) => (error ? reject(error) : resolve()))
      })
      written.push(...events.map(({ data }) => String(data['eventId'])))
    },
    onError: () => undefined,
  })
  facts.confirmed(STORY, givenReceipt())
  await eventually(() => answers.length === 1)
  facts.confirmed(STORY, givenReceipt({ event: { id: 'event-2', type: 'user.blocked', sequence: 2 } }))
  await passed(400)
  let hasStopped = false

  const stopped = facts.stop().then(() => {
    hasStopped = true
  })
  for (const answer of answers.slice(1)) answer()
  await passed(20)
  assert.not.ok(hasStopped)
  answers[0]?.(new Error('Redis is away'))
  await eventually(() => {
    for (const answer of answers) answer()
    return hasStopped
  })
  await stopped

  assert.equal(written.toSorted(), ['event-1', 'event-2'])
})

test.run()

async function confirmationIn(app: GivenApp): Promise<CurfewEvent> {
  return eventually(async () => (await app.everything()).find(({ type }) => type === 'sign-off.confirmed'))
}

async function passed(ms: number): Promise<void> {
  const since = performance.now()
  await eventually(() => performance.now() - since > ms)
}
