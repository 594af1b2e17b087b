import { isSessionId, refOf } from '@curfew/contract'
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
 *
 * The session that this browser had before is ended after that save, in the same request: a login that
 * is refused ends nothing, and a process that dies in between leaves a session more, which is listed.
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
      { ctx }: { ctx?: Caller },
    ): Promise<void> {
      // What was planted before login has no user, and is not worth a key in Redis.
      if (data.passport?.user === undefined) return

      const finishedLogin: FinishedLogin | undefined = ctx?.state.finishedLogin
      if (ctx === undefined || finishedLogin === undefined) {
        await sessions.touch(refOf(sessionId))
        return
      }
      const { replacedRef } = ctx.state
      delete ctx.state.finishedLogin
      delete ctx.state.replacedRef
      await sessions.create(sessionId, finishedLogin)
      if (replacedRef !== undefined) await endReplaced(replacedRef, ctx)
    },

    /** Passport regenerates the session at login, before it is known whether there will be a new one. */
    async destroy(sessionId: string, { ctx }: { ctx?: Caller }): Promise<void> {
      if (ctx?.state.finishedLogin === undefined) {
        throw new TypeError('outside of a login a session is ended by a sign-off, which has a receipt')
      }
      if (isSessionId(sessionId)) ctx.state.replacedRef = refOf(sessionId)
    },
  }
}
