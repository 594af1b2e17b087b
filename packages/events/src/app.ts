import { keysOf } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { requireRole, requireSession } from '@curfew/guard/koa'
import {
  correlate,
  createMetrics,
  type Log,
  logRequests,
  measureRequests,
  noStore,
  type PageUser,
  refuse,
  reportHealth,
  respondWithErrors,
  securityHeaders,
  serveAssets,
} from '@curfew/service'
import Router from '@koa/router'
import type { Redis } from 'ioredis'
import Koa, { type Context } from 'koa'
import { CONSOLE_ASSETS, showConsole } from './console-page.js'
import { createLiveLog } from './live-log.js'
import { createLogReader } from './log-reader.js'
import { listEvents, streamEvents } from './log-routes.js'

export interface EventsAppOptions {
  readonly guard: Guard
  /** For commands. It must not queue while Redis is away. */
  readonly redis: Redis
  /** For the connection that waits for new entries. */
  readonly redisUrl: string
  readonly namespace: string
  readonly publicUrl: URL
  readonly log: Log
  /** How far a viewer of the live log may lag behind. @default 1 MiB */
  readonly maxBufferedBytes?: number
}

export interface EventsApp {
  readonly app: Koa
  /** True, or a sentence that says what is missing. */
  readonly ready: () => Promise<true | string>
  /** Ends the streams and hangs up its own connection. */
  readonly stop: () => void
}

/** The events service, assembled but not listening. `main.ts` and the tests both start here. */
export function createEventsApp(options: EventsAppOptions): EventsApp {
  const { guard, redis, redisUrl, namespace, publicUrl, log, maxBufferedBytes } = options
  const { log: key } = keysOf(namespace)
  const metrics = createMetrics('events')
  const reader = createLogReader({ redis, key })
  const liveLog = createLiveLog({
    redisUrl,
    key,
    reader,
    onUnreadable: (id) => log.warn('log-entry.unreadable', { id }),
    onError: (error) => log.warn('live-log.failed', { error }),
  })

  const signedIn = requireSession(guard, { refuse })
  const admin = requireRole('admin', { refuse })
  const router = new Router()
    .get('/', (ctx) => ctx.redirect('/console'))
    .get('/console', signedIn, admin, showConsole(publicUrl))
    .get('/events', leadPeopleToTheConsole, signedIn, admin, listEvents(reader))
    .get('/events/stream', signedIn, admin, streamEvents({ guard, reader, liveLog, maxBufferedBytes }))

  const ready = () => isReady(redis, guard)
  const app = new Koa()
  app.use(reportHealth({ ready, metrics }))
  app.use(correlate())
  app.use(logRequests(log))
  app.use(measureRequests(metrics))
  app.use(securityHeaders(publicUrl))
  app.use(noStore())
  app.use(respondWithErrors(log, { assets: CONSOLE_ASSETS, publicUrl, userOf }))
  app.use(serveAssets(CONSOLE_ASSETS, ...ASSET_FOLDERS))
  app.use(router.routes())
  app.use(router.allowedMethods())

  return { app, ready, stop: () => liveLog.close() }
}

const ASSET_FOLDERS = [
  new URL('./browser/', import.meta.url),
  new URL('../assets/', import.meta.url),
  // Names browsers and systems from what they say of themselves.
  new URL('.', import.meta.resolve('bowser')),
]

async function leadPeopleToTheConsole(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  if (ctx.accepts('json', 'html') === 'html') ctx.redirect('/console')
  else await next()
}

function userOf(ctx: Context): PageUser | undefined {
  return ctx.state.session?.user
}

async function isReady(redis: Redis, guard: Guard): Promise<true | string> {
  const { following, connected } = guard.stats()
  if (!following) return 'The guard does not follow the sign-offs.'
  // A lease outlives the connection that it came by.
  if (!connected) return 'The guard has no connection to Redis.'
  await redis.ping()
  return true
}
