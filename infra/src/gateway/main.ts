import { runService } from '@curfew/service'
import { readConfig } from './config.js'
import { createGateway } from './gateway.js'

await runService({
  name: 'gateway',
  readConfig,
  build(config, log) {
    const { app, upgrade } = createGateway({
      instances: {
        identity: config.IDENTITY_URLS,
        projects: config.PROJECTS_URLS,
        events: config.EVENTS_URLS,
      },
      publicUrl: config.PUBLIC_URL,
      log,
    })
    return { app, onUpgrade: upgrade }
  },
})
