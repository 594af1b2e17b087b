import { RETRY_AFTER_SECONDS } from '@curfew/contract'
import type { Middleware } from 'koa'
import type { Metrics } from './metrics.js'

export interface HealthOptions {
  /** True when this instance can do its work, else a sentence that says what is missing. */
  readonly ready: () => Promise<true | string>
  readonly metrics: Metrics
}

/**
 * Answers `/healthz` (the process is alive), `/readyz` (it can do its work) and `/metrics`.
 *
 * Mounted first: no cookie is read, no log line is written, nothing is counted. Not routed by the proxy.
 */
export function reportHealth({ ready, metrics }: HealthOptions): Middleware {
  return async function reportHealth(ctx, next) {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next()
    if (ctx.path === '/healthz') {
      ctx.body = { status: 'alive' }
    } else if (ctx.path === '/readyz') {
      const answer = await askReady(ready)
      if (answer !== true) {
        ctx.status = 503
        ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
      }
      ctx.body = answer === true ? { status: 'ready' } : { status: 'not-ready', reason: answer }
    } else if (ctx.path === '/metrics') {
      ctx.type = metrics.registry.contentType
      ctx.body = await metrics.registry.metrics()
    } else {
      return next()
    }
    ctx.set('Cache-Control', 'no-store')
  }
}

/** True, or a sentence, also where the question itself failed. */
export async function askReady(ready: HealthOptions['ready']): Promise<true | string> {
  try {
    return await ready()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
