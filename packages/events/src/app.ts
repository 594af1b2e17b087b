import { keysOf } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { requireRole, requireSession } from '@curfew/guard/koa'
import { createServiceApp, type Log, refuse, type ServiceApp } from '@curfew/service'
import Router from '@koa/router'
import type { Redis } from 'ioredis'
import type { Context } from 'koa'
import { CONSOLE_ASSETS, CONSOLE_PATHS, showConsole } from './console-page.js'
import { exportEvents } from './export-route.js'
import { showFigures } from './figures/figures-route.js'
import { startSessionSampler } from './figures/session-sampler.js'
import { createKeeper } from './keeper.js'
import { keeperLag } from './keeper-lag.js'
import { observeKeeper } from './keeper-metrics.js'
import { createLiveLog } from './live-log.js'
import { sayWhenTheLogIsAway } from './log-away.js'
import { listEvents, streamEvents } from './log-routes.js'
import { listOwnEvents } from './own-events-route.js'
import type { RetentionSettings } from './retention/apply-retention.js'
import { startRetentionWork } from './retention/retention-work.js'
import type { LogStore } from './store/log-store.js'

export interface EventsAppOptions {
  readonly guard: Guard
  /** For commands. It must not queue while Redis is away. */
  readonly redis: Redis
  /** For the connection that reads the log as it is written. */
  readonly redisUrl: string
  readonly namespace: string
  /** Where the log is kept, and read from. */
  readonly store: LogStore
  readonly publicUrl: URL
  readonly log: Log
  readonly retention?: RetentionSettings
  /** How far a viewer of the live log may lag behind. @default 1 MiB */
  readonly maxBufferedBytes?: number
}

export interface EventsApp extends Pick<ServiceApp, 'app' | 'ready'> {
  /** Ends the streams, and hangs up its own connection once the batch that is under way is kept. */
  readonly stop: () => Promise<void>
}

/** The events service, assembled but not listening. `main.ts` and the tests both start here. */
export function createEventsApp(options: EventsAppOptions): EventsApp {
  const { guard, redis, redisUrl, namespace, store, publicUrl, log, maxBufferedBytes } = options
  const keys = keysOf(namespace)
  const liveLog = createLiveLog({ store, onError: (error) => log.warn('live-log.failed', { error }) })
  const keeper = createKeeper({
    redisUrl,
    key: keys.log,
    store,
    onUnreadable: (id) => log.warn('log-entry.unreadable', { id }),
    onGap: (gap) => log.error('log.gap', { ...gap }),
    onError: (error) => log.warn('keeper.failed', { error }),
  })
  keeper.open()
  const sampler = startSessionSampler({
    redis,
    key: keys.expiries,
    store,
    onError: (error) => log.warn('sessions.not-counted', { error }),
  })
  const { retention = {} } = options
  const isLimited = Object.values(retention).some((limit) => limit !== undefined)
  const retentionWork = isLimited
    ? startRetentionWork({
        redisUrl,
        namespace,
        store,
        ...retention,
        onRemoved: (entries) => log.info('log.pruned', { entries }),
        onError: (error) => log.warn('retention.failed', { error }),
      })
    : null

  const signedIn = requireSession(guard, { refuse })
  const admin = requireRole('admin', { refuse })
  const router = new Router()
    .get('/', (ctx) => ctx.redirect('/console'))
    .get(CONSOLE_PATHS, signedIn, admin, showConsole(publicUrl))
    .get('/events', leadPeopleToTheConsole, signedIn, admin, listEvents(store))
    .get('/events/mine', signedIn, listOwnEvents(store))
    .get('/events/stream', signedIn, admin, streamEvents({ guard, store, liveLog, maxBufferedBytes }))
    .get('/events/figures', signedIn, admin, showFigures(store))
    .get('/events/export', signedIn, admin, exportEvents({ guard, store }))

  const assets = { path: CONSOLE_ASSETS, folders: ASSET_FOLDERS }
  const { app, ready, metrics } = createServiceApp({
    name: 'events',
    guard,
    redis,
    log,
    assets,
    alsoReady: () =>
      keeper.isKeeping || 'The log is not being kept: its stream can’t be read, or its store not written.',
  })
  observeKeeper(metrics, keeper, () =>
    keeperLag({ redis, key: keys.log, keeper }).catch((error: unknown) => {
      log.warn('keeper.lag-unknown', { error })
      return null
    }),
  )
  app.use(sayWhenTheLogIsAway())
  app.use(router.routes())
  app.use(router.allowedMethods())

  return {
    app,
    ready,
    async stop() {
      liveLog.close()
      await sampler.stop()
      await retentionWork?.stop()
      await keeper.close()
    },
  }
}

/** What Vite makes of the console. */
const ASSET_FOLDERS = [new URL('./console/', import.meta.url)]

async function leadPeopleToTheConsole(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  if (ctx.accepts('json', 'html') === 'html') ctx.redirect('/console')
  else await next()
}
