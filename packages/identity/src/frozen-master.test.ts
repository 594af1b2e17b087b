import { eventually, startSentinel } from '@curfew/testing'
import { Redis } from 'ioredis'
import { suite } from 'uvu'
import { givenApp } from './testing/given-app.js'

const test = suite('identity: a master that froze')

const PATIENT = { within: 30_000 }

// found 2026-11-26: the wires on which nothing is asked, or that wait for an answer, stayed with it
test('everything that identity does goes on with the new master, though the old one hangs up on nobody', async () => {
  await using system = await startSentinel()
  await using app = await givenApp({ redisUrl: system.url, env: { LEASE_MS: '1000' } })
  const from = await system.master()
  from.pause()
  await using next = looking((await system.failedOver(from)).url)

  const { acknowledgements, signoffs } = app.keys.channels
  await eventually(async () => {
    const [, heard, , followed] = await next.pubsub('NUMSUB', acknowledgements, signoffs)
    return heard === 1 && followed === 1
  }, PATIENT)
  await eventually(async () => (await app.ask('/readyz')).status === 200, PATIENT)
  await eventually(async () => {
    const clients = String(await next.client('LIST'))
    return ['work', 'log', 'inboxes'].every((name) => clients.includes(`name=identity:${name}`))
  }, PATIENT)
  // What the test itself asks has no timeout.
  from.resume()
})

test.run()

function looking(url: string) {
  const redis = new Redis(url)
  return Object.assign(redis, { [Symbol.asyncDispose]: async () => redis.disconnect() })
}
