import { keysOf } from '@curfew/contract'
import { createGuard } from '@curfew/guard'
import { openRedis, runService } from '@curfew/service'
import { createIdentityApp } from './app.js'
import { readConfig } from './config.js'
import { requireDurable } from './durability/require-durable.js'

await runService({
  name: 'identity',
  readConfig,
  async build(config, log) {
    const redis = await openRedis(config.REDIS_URL, { name: config.INSTANCE, log })
    await requireDurable(redis, config, log)
    const guard = createGuard({
      redisUrl: config.REDIS_URL.href,
      service: 'identity',
      publicUrl: config.PUBLIC_URL,
      instance: config.INSTANCE,
      version: config.VERSION,
      namespace: config.NAMESPACE,
      leaseMs: config.LEASE_MS,
      serveSignedOffUsersForMs: config.SERVE_SIGNED_OFF_USERS_FOR_MS,
      onError: (error) => log.warn('guard.disturbed', { error }),
    })
    const identity = createIdentityApp({ config, guard, redis, keys: keysOf(config.NAMESPACE), log })
    return {
      ...identity,
      async stop() {
        await identity.stop()
        await guard.close()
        redis.disconnect()
      },
    }
  },
})
