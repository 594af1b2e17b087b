import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pause } from './log-follower.js'

const test = suite('identity: following the log')

// found 2026-11-21: an identity without other services paused twice a second, and kept a listener each time
test('a pause leaves nothing at the signal behind, and ends with it', async () => {
  const stopping = new AbortController()

  await pause(stopping.signal)
  assert.is(getEventListeners(stopping.signal, 'abort').length, 0)

  const paused = pause(stopping.signal)
  stopping.abort()
  const later = new Promise((resolve) => setImmediate(resolve, 'pauses'))
  const first = await Promise.race([paused.then(() => 'ended'), later])
  assert.is(first, 'ended')
})

test.run()
