import { Redis } from 'ioredis'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startSentinel } from './sentinel.js'

const test = suite('testing: a master that Sentinels watch')

test('when the master is killed another node takes over, with what was replicated', async () => {
  await using system = await startSentinel()
  const first = await system.master()
  const before = new Redis(first.url)
  await before.set('who', 'ada')
  assert.is(await before.wait(2, 2_000), 2)
  before.disconnect()

  await first.kill()
  const next = await system.failedOver(first)
  await first.restart()
  await system.replicated()

  const after = new Redis(next.url)
  assert.is(await after.get('who'), 'ada')
  after.disconnect()
  assert.is.not(next, first)
})

test.run()
