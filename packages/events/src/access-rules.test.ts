import { freshNamespace, givenSession, startRuledRedis } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { browserOf, givenFact, startEvents } from './testing/given-events.js'

const test = suite('events: the access rules of infra/sentinel')

test('they let this service do all that it does, and nothing of it is refused', async () => {
  await using rules = await startRuledRedis()
  const namespace = freshNamespace()
  const identity = new Redis(rules.urlOf('identity'))
  const ada = await givenSession(identity, namespace, { roles: ['admin'] })
  await using events = await startEvents({ namespace, redisUrl: rules.urlOf('events') })
  await using browser = await browserOf(events, ada)
  await using stream = await browser.stream('/events/stream')

  await givenFact(identity, namespace)
  await stream.find(({ event }) => event === 'log')
  const page = await browser.fetchApi('/events?limit=3')

  assert.is(page.status, 200)
  assert.equal(await rules.refused(), [])
  identity.disconnect()
})

test.run()
