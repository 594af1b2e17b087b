import { isSessionId, refOf } from '@curfew/contract'
import type { Context } from 'koa'
import type { Caller } from '../account/author.js'
import type { FinishedLogin } from '../login/finished-login.js'
import type { Sessions } from './sessions.js'

/** What koa-session's session holds here: who passport says is signed in, and nothing else. */
export interface KoaSessionData {
  passport?: { user?: string }
}

/**
 * koa-session's store over our sessions.
 *
 * koa-session saves unconditionally at the end of a request, when the handler changed something, with
 * `rolling`, and near expiry with `renew`: a session that was deleted meanwhile would come back. So the
 * one save that writes a record is the one right after a login (see `FinishedLogin`), and Redis refuses
 * it under a ref that exists. Every later save only notes that a session which is still there was used.
 */
export function createKoaSessionStore(
  sessions: Sessions,
  endReplaced: (ref: string, caller: Caller) => Promise<void>,
) {
  return {
    async get(sessionId: string): Promise<KoaSessionData | null> {
      if (!isSessionId(sessionId)) return null
      const record = await sessions.find(refOf(sessionId))
      return record && { passport: { user: record.user.id } }
    },

    async set(
      sessionId: string,
      data: KoaSessionData,
      _maxAgeMs: unknown,
      { ctx }: { ctx?: Pick<Context, 'state'> },
    ): Promise<void> {
      // What was planted before login has no user, and is not worth a key in Redis.
      if (data.passport?.user === undefined) return

      const finishedLogin: FinishedLogin | undefined = ctx?.state['finishedLogin']
      if (finishedLogin === undefined) {
        await sessions.touch(refOf(sessionId))
        return
      }
      delete ctx?.state['finishedLogin']
      await sessions.create(sessionId, finishedLogin)
    },

    /** Passport regenerates the session at login: the one that this browser had is over. */
    async destroy(sessionId: string, { ctx }: { ctx?: Caller }): Promise<void> {
      if (ctx && isSessionId(sessionId)) await endReplaced(refOf(sessionId), ctx)
    },
  }
}
