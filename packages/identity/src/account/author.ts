import type { SessionRecord } from '@curfew/contract'
import type { Context } from 'koa'
import type { Author } from '../sign-off/sign-offs.js'

/** What of a request says where it comes from. */
export type Caller = Pick<Context, 'ip' | 'get' | 'state'>

/** Who asked for it, as the log will say. */
export function authorOf(ctx: Caller, session: SessionRecord): Author {
  return {
    id: session.user.id,
    name: session.user.name,
    ip: ctx.ip,
    userAgent: ctx.get('User-Agent'),
    correlationId: ctx.state.correlationId,
  }
}
