import { randomUUID } from 'node:crypto'
import type { Context, Middleware } from 'koa'

declare module 'koa' {
  interface DefaultState {
    /** Follows one request through all services, logs and events. Set by `correlate`. */
    correlationId: string
  }
}

/**
 * Gives every request and its response an `X-Correlation-Id`: the caller's, if it is well formed, or a
 * random one. It ends in logs, events and headers, so nothing but a short plain word is taken over.
 */
export function correlate(): Middleware {
  return async function correlate(ctx, next) {
    const sent = ctx.get(CORRELATION_HEADER)
    ctx.state.correlationId = WELL_FORMED.test(sent) ? sent : randomUUID()
    ctx.set(CORRELATION_HEADER, ctx.state.correlationId)
    await next()
  }
}

/**
 * The request goes on under the id of something that began before it: of the login that it finishes, for instance.
 * What was logged of it by then has the one it came with.
 */
export function continueUnder(ctx: Pick<Context, 'set' | 'state'>, correlationId: string): void {
  ctx.state.correlationId = correlationId
  ctx.set(CORRELATION_HEADER, correlationId)
}

export const CORRELATION_HEADER = 'X-Correlation-Id'

const WELL_FORMED = /^[\w.-]{8,64}$/
