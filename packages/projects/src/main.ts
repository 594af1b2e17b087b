import { createGuard } from '@curfew/guard'
import { openRedis, runService } from '@curfew/service'
import { createProjectsApp } from './app.js'
import { readConfig } from './config.js'

await runService({
  name: 'projects',
  readConfig,
  async build(config, log) {
    const redis = await openRedis(config.REDIS_URL, { name: config.INSTANCE, log })
    const guard = createGuard({
      redisUrl: config.REDIS_URL.href,
      service: 'projects',
      publicUrl: config.PUBLIC_URL,
      instance: config.INSTANCE,
      version: config.VERSION,
      namespace: config.NAMESPACE,
      leaseMs: config.LEASE_MS,
      serveSignedOffUsersForMs: config.SERVE_SIGNED_OFF_USERS_FOR_MS,
      onError: (error) => log.warn('guard.disturbed', { error }),
    })
    const projects = createProjectsApp({ guard, redis, namespace: config.NAMESPACE, log })
    return {
      ...projects,
      async stop() {
        projects.stop()
        await guard.close()
        redis.disconnect()
      },
    }
  },
})
