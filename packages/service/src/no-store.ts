import type { Middleware } from 'koa'

/** Nothing that we answer is kept by anybody, unless the one who answers says otherwise, as assets do. */
export function noStore(): Middleware {
  return async function noStore(ctx, next) {
    ctx.set('Cache-Control', 'no-store')
    await next()
  }
}
