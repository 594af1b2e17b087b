import { keysOf } from '@curfew/contract'
import { openRedis, runCommand } from '@curfew/service'
import { readConfig } from './config.js'
import { createRecorder } from './sign-off/recorder.js'
import { createRecovery } from './sign-off/recovery.js'

/**
 * For the operator who has put a copy of Redis back while no service was running: whom the copy still calls
 * signed in may have been signed off after it was made, and nobody is left who could tell. Ends every
 * session there is. See docs/operations.md.
 */
await runCommand({
  name: 'after-restore',
  readConfig,
  async run(config, log) {
    const keys = keysOf(config.NAMESPACE)
    const redis = await openRedis(config.REDIS_URL, { name: 'after-restore', log })
    const onError = (error: unknown) => log.error('after-restore.failed', { error })
    const recorder = createRecorder({ redis, keys, replicas: config.REDIS_REPLICAS, onError })
    const recovery = createRecovery({
      recordDurably: recorder.recordDurably,
      keys,
      // This process has heard of nothing.
      remembered: { between: () => null, blocked: new Map(), upTo: null },
      guard: { renew: async () => false },
      times: {
        idleTtlMs: config.SESSION_IDLE_SECONDS * 1000,
        absoluteTtlMs: config.SESSION_ABSOLUTE_SECONDS * 1000,
      },
      leaseMs: config.LEASE_MS,
      onRecovered: () => undefined,
      onError,
    })
    try {
      await recorder.connected()
      await recovery.endEveryone({ ifBehind: null })
      const [number, blocked] = [await redis.get(keys.era), await redis.scard(keys.blocked)]
      return `Every session has ended, by sign-off no. ${number}: everybody signs in again. ${blockedInWords(blocked)}`
    } finally {
      recorder.close()
      redis.disconnect()
    }
  },
})

function blockedInWords(count: number): string {
  const are = count === 1 ? '1 user is' : `${count} users are`
  return `${are} blocked, as in the copy: who was blocked after it was made has to be blocked again.`
}
