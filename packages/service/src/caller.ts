import type { Context } from 'koa'

/** What of a request says where it comes from: enough for what has no whole context at hand. */
export type Caller = Pick<Context, 'ip' | 'get' | 'state'>

/** Where a request comes from, as records and events keep it. */
export interface Origin {
  readonly ip: string
  /** At most 512 characters: a header may have 16 kB, and the log is kept in memory. */
  readonly userAgent: string
  readonly correlationId: string
}

/** Needs `correlate` above it. */
export function callerOf(ctx: Caller): Origin {
  return {
    ip: ctx.ip,
    userAgent: ctx.get('User-Agent').slice(0, LONGEST_USER_AGENT),
    correlationId: ctx.state.correlationId,
  }
}

const LONGEST_USER_AGENT = 512
