import type { Context, Middleware } from 'koa'
import type { Log } from './log.js'

/**
 * One line for each request when it ended: at debug, and at warn when it was our fault (5xx).
 *
 * It names the route's pattern where a route answered, since a parameter may be a capability. The query
 * and the cookie are never in it.
 */
export function logRequests(log: Log): Middleware {
  return async function logRequests(ctx, next) {
    const startedAt = performance.now()
    ctx.res.once('close', () => {
      const facts = {
        method: ctx.method,
        path: routeOf(ctx) ?? plainPath(ctx),
        status: ctx.status,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ip: ctx.ip,
        correlationId: ctx.state.correlationId,
        ...(ctx.res.writableFinished ? {} : { aborted: true }),
      }
      if (ctx.status >= 500) log.warn('request.finished', facts)
      else log.debug('request.finished', facts)
    })
    await next()
  }
}

/** The pattern of the route that answered (`/projects/:id`), as @koa/router leaves it. */
export function routeOf(ctx: Context): string | undefined {
  const route: unknown = ctx['_matchedRoute']
  return typeof route === 'string' ? route : undefined
}

/** Not `ctx.path`: it throws for a target that is no path, and nobody catches what a `close` handler throws. */
function plainPath({ url }: Context): string | undefined {
  return url.split(/[?#]/, 1)[0]
}
