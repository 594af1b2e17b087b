import type { SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { type EventStreamOptions, openEventStream } from '@curfew/service'
import type { Context } from 'koa'

/** `GET /auth/session`: who am I? */
export function showSession(ctx: Context): void {
  const { user, ref, provider, createdAt, authTime, expiresAt, device }: SessionRecord = ctx.state['session']
  ctx.body = { user, session: { ref, provider, createdAt, authTime, expiresAt, device } }
}

/**
 * `GET /auth/session/stream`: tells open pages that the session ended, in the moment in which it does.
 *
 * `event: session` when it begins, `event: ended` with the reason when it is over. A stream that just
 * ends says nothing: the page connects again, and learns then.
 */
export function streamSession(guard: Guard, options: EventStreamOptions = {}) {
  return function streamSession(ctx: Context): void {
    const session: SessionRecord = ctx.state['session']
    const { id, name } = session.user
    const stream = openEventStream(ctx, options)
    stream.send({ event: 'session', data: JSON.stringify({ user: { id, name }, ref: session.ref }) })

    const hold = guard.hold(session, (end) => {
      if (end !== 'recheck') stream.send({ event: 'ended', data: JSON.stringify({ reason: end }) })
      stream.close()
    })
    void stream.closed.then(hold.release)
  }
}
