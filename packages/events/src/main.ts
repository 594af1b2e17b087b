import { createGuard } from '@curfew/guard'
import { openRedis, runService } from '@curfew/service'
import { createEventsApp } from './app.js'
import { readConfig } from './config.js'
import { openLogStore } from './store/open-log-store.js'

await runService({
  name: 'events',
  readConfig,
  async build(config, log) {
    const { INSTANCE: instance, NAMESPACE: namespace, PUBLIC_URL: publicUrl } = config
    const redisUrl = config.REDIS_URL.href
    const redis = await openRedis(redisUrl, { name: 'events', log })
    const guard = createGuard({
      redisUrl,
      service: 'events',
      instance,
      version: config.VERSION,
      namespace,
      publicUrl,
      leaseMs: config.LEASE_MS,
      serveSignedOffUsersForMs: config.SERVE_SIGNED_OFF_USERS_FOR_MS,
      onError: (error) => log.warn('guard.failed', { error }),
    })
    await guard.ready()
    const store = await openLogStore(config.EVENT_LOG_URL)
    const retention = {
      keepDays: config.EVENT_LOG_KEEP_DAYS,
      keepEvents: config.EVENT_LOG_KEEP_EVENTS,
      keepBytes: config.EVENT_LOG_KEEP_BYTES,
    }
    const events = createEventsApp({ guard, redis, redisUrl, namespace, store, retention, publicUrl, log })
    return {
      ...events,
      async stop() {
        await events.stop()
        await store.close()
        await guard.close()
        redis.disconnect()
      },
    }
  },
})
