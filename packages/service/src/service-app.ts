import Koa, { type Context } from 'koa'
import { serveAssets } from './assets.js'
import { correlate } from './correlate.js'
import { type GuardState, guardReady, observeGuard } from './guard-state.js'
import { reportHealth } from './health.js'
import type { Log } from './log.js'
import { logRequests } from './log-requests.js'
import { createMetrics, type Metrics, measureRequests } from './metrics.js'
import { noStore } from './no-store.js'
import type { PageUser } from './page.js'
import { respondWithErrors } from './respond-with-errors.js'
import { requireSameOrigin } from './same-origin.js'
import { securityHeaders } from './security-headers.js'

export interface ServiceAppOptions {
  /** The service's name. */
  readonly name: string
  readonly guard: { readonly publicUrl: URL; stats(): GuardState }
  readonly redis: { ping(): Promise<unknown> }
  readonly log: Log
  /** Where stylesheets, pictures and browser modules are served, and from which folders. */
  readonly assets: { readonly path: string; readonly folders: readonly URL[] }
  /** What else the service needs to do its work: true, or a sentence that says what is missing. */
  readonly alsoReady?: () => true | string
}

export interface ServiceApp {
  /** What is around the service's own work is mounted: its routes go on top. */
  readonly app: Koa
  readonly metrics: Metrics
  /** True, or a sentence that says what is missing. */
  readonly ready: () => Promise<true | string>
}

/** What is the same around the work of every service, in the order in which a request meets it. */
export function createServiceApp(options: ServiceAppOptions): ServiceApp {
  const { name, guard, redis, log, assets, alsoReady = () => true } = options
  const { publicUrl } = guard
  const metrics = createMetrics(name)
  observeGuard(metrics, () => guard.stats())

  async function ready(): Promise<true | string> {
    const guarded = guardReady(guard.stats())
    if (guarded !== true) return guarded
    await redis.ping()
    return alsoReady()
  }

  const app = new Koa()
  app.use(reportHealth({ ready, metrics }))
  app.use(correlate())
  app.use(logRequests(log))
  app.use(measureRequests(metrics))
  app.use(securityHeaders(publicUrl))
  app.use(noStore())
  app.use(respondWithErrors(log, { assets: assets.path, publicUrl, userOf }))
  app.use(serveAssets(assets.path, ...assets.folders))
  app.use(requireSameOrigin(publicUrl))

  return { app, metrics, ready }
}

/** Who is signed in, where the guard has been asked. */
function userOf(ctx: Context): PageUser | undefined {
  return ctx.state['session']?.user
}
