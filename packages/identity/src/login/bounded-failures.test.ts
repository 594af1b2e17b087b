import { type CurfewEvent, createEvent } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { givenApp } from '../testing/given-app.js'
import { boundFailures } from './bounded-failures.js'

const test = suite('identity: login failures in the log')

const failure = () => createEvent('identity', 'login.failed', null, { actor: null, reason: 'state-unknown' })

function given(budgets?: Parameters<typeof boundFailures>[0]['budgets']) {
  const written: CurfewEvent[] = []
  const warned: string[] = []
  let dropped = 0
  const write = boundFailures({
    writeToLog: async (event) => void written.push(event),
    onDropped: () => void dropped++,
    log: { warn: (event) => void warned.push(event) },
    ...(budgets === undefined ? {} : { budgets }),
  })
  return { write, written, warned, dropped: () => dropped }
}

test('what is over the budget is counted, and warned of once', async () => {
  const { write, written, warned, dropped } = given([{ points: 3, duration: 60 }])

  const events = Array.from({ length: 8 }, failure)
  for (const event of events) await write(event)

  assert.equal(written, events.slice(0, 3))
  assert.is(dropped(), 5)
  assert.equal(warned, ['login-failures.dropped'])
})

test('a long flood has less than a short one', async () => {
  const { write, written } = given([
    { points: 5, duration: 60 },
    { points: 4, duration: 3_600 },
  ])

  for (let times = 0; times < 6; times++) await write(failure())

  assert.is(written.length, 4)
})

test('what a flood was refused is not taken from what the quiet after it may have', async () => {
  const { write, written } = given([
    { points: 2, duration: 1 },
    { points: 3, duration: 3_600 },
  ])

  for (let times = 0; times < 20; times++) await write(failure())
  assert.is(written.length, 2)

  await eventually(async () => {
    await write(failure())
    return written.length === 3
  })
})

test('by default 600 in a row are all in the log', async () => {
  const { write, written, dropped } = given()

  for (let times = 0; times < 601; times++) await write(failure())

  assert.is(written.length, 600)
  assert.is(dropped(), 1)
})

test('that the log can’t be written is the caller’s to know', async () => {
  const write = boundFailures({
    writeToLog: () => Promise.reject(new Error('Redis is away')),
    onDropped: () => undefined,
    log: { warn: () => undefined },
  })

  const error = await write(failure()).catch((reason: unknown) => reason)

  assert.instance(error, Error)
})

test('the service as a whole counts what is not in its log', async () => {
  await using app = await givenApp({ env: { LOGINS_PER_MINUTE: '1000' } })

  for (let batch = 0; batch < 61; batch++) {
    await Promise.all(
      Array.from({ length: 10 }, () => app.ask('/auth/callback/dev?state=forged&code=forged')),
    )
  }

  assert.is((await app.events()).filter(({ type }) => type === 'login.failed').length, 600)
  const { text } = await app.ask('/metrics')
  assert.match(text, 'curfew_login_failures_dropped_total{service="identity"} 10')
  assert.match(text, 'curfew_logins_total{result="login-failed",service="identity"} 610')
  assert.is(app.logged.filter((line) => line.includes('"login-failures.dropped"')).length, 1)
})

test.run()
