import type { Guard } from '@curfew/guard'
import { requireSession } from '@curfew/guard/koa'
import { createServiceApp, type Log, readBody, refuse } from '@curfew/service'
import type { Redis } from 'ioredis'
import type { Context, Next } from 'koa'
import { listenToChanges } from './changes.js'
import { projectKeys } from './keys.js'
import { createOutbox } from './outbox.js'
import { ASSETS } from './page.js'
import { createProjectCache } from './project-cache.js'
import { createProjects } from './projects.js'
import { projectRoutes } from './routes.js'
import { createProjectStore } from './store.js'
import { streamChanges } from './stream.js'

export interface ProjectsAppOptions {
  readonly guard: Guard
  readonly redis: Redis
  readonly namespace: string
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** See project-cache.ts. */
  readonly listMaxAgeMs?: number
}

/** The projects service, assembled but not listening. `main.ts` and the tests both start here. */
export function createProjectsApp(options: ProjectsAppOptions) {
  const { guard, redis, namespace, log, now = Date.now, listMaxAgeMs } = options
  const keys = projectKeys(namespace)

  const store = createProjectStore(redis, keys)
  const lists = createProjectCache({
    load: store.listOf,
    ...(listMaxAgeMs === undefined ? {} : { maxAgeMs: listMaxAgeMs }),
  })
  const outbox = createOutbox({ redis, keys, record: guard.recordFact, log, now })
  const changes = listenToChanges({
    redis: redis.duplicate({ lazyConnect: true, autoResubscribe: false }),
    channel: keys.changes,
    onError: (error) => log.debug('changes.disturbed', { error }),
  })
  const projects = createProjects({ store, lists, handOver: outbox.handOver, now })

  const forgetSignedOff = guard.onSignOff((signOff) =>
    signOff === 'everything' ? lists.clear() : lists.drop(signOff.target.userId),
  )
  changes.listen((change) => (change === 'missed' ? lists.clear() : lists.drop(change.project.owner)))
  const sweeping = setInterval(outbox.sweep, SWEEP_EVERY_MS).unref()

  const router = projectRoutes({ projects, guard, stream: streamChanges({ guard, changes }) })
  const { app, ready } = createServiceApp({
    name: 'projects',
    guard,
    redis,
    log,
    assets: { path: ASSETS, folders: ASSET_FOLDERS },
    alsoReady: () => changes.listening || 'Changes by other instances are not heard.',
  })
  app.use(leadToProjects())
  app.use(requireSession(guard, { refuse }))
  app.use(readBody())
  app.use(router.routes())
  app.use(router.allowedMethods())

  return {
    app,
    ready,
    /** Hangs up its own connection. The guard and `redis` belong to whoever opened them. */
    stop() {
      clearInterval(sweeping)
      forgetSignedOff()
      changes.close()
    },
  }
}

/** The service's own port shows the same as the one domain does. */
function leadToProjects() {
  return async function leadToProjects(ctx: Context, next: Next) {
    if (ctx.path !== '/') return next()
    ctx.redirect('/projects')
  }
}

const ASSET_FOLDERS = [new URL('../assets/', import.meta.url), new URL('./browser/', import.meta.url)]

const SWEEP_EVERY_MS = 2_000
