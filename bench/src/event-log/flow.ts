import { setTimeout } from 'node:timers/promises'
import { createEvent } from '@curfew/contract'
import type { Curfew } from '../curfew.js'

/** Between one fact and the next: some 200 a second. Milliseconds. */
const PACE_MS = 5

/** Facts flow into the log until this is disposed of. */
export function startFlow({ redis, keys }: Curfew): AsyncDisposable {
  let isOver = false
  const flowing = (async () => {
    while (!isOver) {
      const data = { actor: 'ada', actorName: 'Ada', subjectName: 'Ada', provider: 'dev' }
      const event = createEvent('identity', 'session.created', 'ada', data)
      await redis.xadd(keys.log, '*', 'event', JSON.stringify(event))
      await setTimeout(PACE_MS)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      isOver = true
      await flowing
    },
  }
}
