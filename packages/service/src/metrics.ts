import type { Middleware } from 'koa'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { routeOf } from './log-requests.js'

export interface Metrics {
  /** Of prom-client: register the service's own counters here. */
  readonly registry: Registry
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
}

/**
 * The metrics that every service has: its process, as prom-client sees it, and how long its answers take.
 *
 * | metric                          | labels                      | says                                                  |
 * | ------------------------------- | --------------------------- | ----------------------------------------------------- |
 * | `http_request_duration_seconds` | `method`, `route`, `status` | from the request to the end of the answer; no streams |
 */
export function createMetrics(service: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the request to the end of the answer, by method, route pattern and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return { registry, requestSeconds }
}

/** Observes every request below it. Routes are patterns, so that the number of series stays bounded. */
export function measureRequests({ requestSeconds }: Metrics): Middleware {
  return async function measureRequests(ctx, next) {
    const stop = requestSeconds.startTimer()
    // A stream lasts as long as its page is open: that is not a duration of ours.
    ctx.res.once('close', () => {
      if (ctx.type === 'text/event-stream') return
      stop({ method: knownMethod(ctx.method), route: routeOf(ctx) ?? 'none', status: String(ctx.status) })
    })
    await next()
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const knownMethod = (method: string) => (METHODS.has(method) ? method : 'other')
