import { openRedis, runService } from '@curfew/service'
import { readConfig } from './config.js'
import { createDemoAccounts } from './demo-users.js'
import { createDevProvider } from './provider.js'

await runService({
  name: 'provider',
  readConfig,
  async build(config, log) {
    const redis = await openRedis(config.REDIS_URL, { name: 'provider', log })
    const app = await createDevProvider({
      issuer: `http://${config.HOST}:${config.PORT}`,
      clientUrl: config.PUBLIC_URL.origin,
      clientSecret: config.CLIENT_SECRET,
      cookieKeys: config.COOKIE_KEYS,
      signingKeys: config.SIGNING_KEYS,
      accounts: await createDemoAccounts(),
      redis,
      onError: (error) => log.error('request.crashed', { error }),
    })
    return { app, stop: async () => void (await redis.quit()) }
  },
})
