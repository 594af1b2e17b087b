import { isRef, type SessionRecord } from '@curfew/contract'
import { ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import { answerReceipt } from '../receipts/answer-receipt.js'
import type { Receipts } from '../receipts/receipts.js'
import type { ListedSession, Sessions } from '../sessions/sessions.js'
import type { SignOffs } from '../sign-off/sign-offs.js'
import type { SignedOff } from '../sign-off/signed-off.js'
import { authorOf } from './author.js'
import { PAGE_PATIENCE_MS } from './farewells.js'

/** What is shown of a session to its owner and to admins. */
export function describeSession({ record, lastSeenAt }: ListedSession, currentRef: string) {
  const { ref, provider, createdAt, expiresAt, device } = record
  return { ref, provider, createdAt, lastSeenAt, expiresAt, device, current: ref === currentRef }
}

/** `GET /auth/sessions`: my devices. */
export function listOwnSessions(sessions: Sessions) {
  return async function listOwnSessions(ctx: Context): Promise<void> {
    const { user, ref }: SessionRecord = ctx.state['session']
    const listed = await sessions.listOf(user.id)
    ctx.body = { sessions: listed.map((one) => describeSession(one, ref)) }
  }
}

/** `DELETE /auth/sessions/:ref`: ends one of mine. Somebody else's looks like none. */
export function endOwnSession(options: { sessions: Sessions; signOffs: SignOffs; receipts: Receipts }) {
  const { sessions, signOffs, receipts } = options
  return async function endOwnSession(ctx: Context): Promise<void> {
    const signedOff = await endOwn(ctx, sessions, signOffs)
    if (signedOff === null) throw noSuchSession()
    await answerReceipt(ctx, signedOff, receipts)
  }
}

/** `POST /auth/sessions/:ref/end`: the same for a form. It leads back to the list, where what was none is gone, too. */
export function endOwnSessionByForm(sessions: Sessions, signOffs: SignOffs) {
  return async function endOwnSessionByForm(ctx: Context): Promise<void> {
    const signedOff = await endOwn(ctx, sessions, signOffs)
    // It is over at once where it counts most, in Redis, and everywhere within the bound: no page waits for that.
    await signedOff?.within(PAGE_PATIENCE_MS)
    ctx.status = 303
    ctx.redirect('/account')
  }
}

/** Null when there is none, or it is somebody else's. */
async function endOwn(ctx: Context, sessions: Sessions, signOffs: SignOffs): Promise<SignedOff | null> {
  const session: SessionRecord = ctx.state['session']
  const ref = String(ctx['params']?.ref)
  const target = isRef(ref) ? await sessions.find(ref) : null
  if (target?.user.id !== session.user.id) return null

  const reason = target.ref === session.ref ? 'logged-out' : 'revoked'
  return signOffs.endSession(target, reason, authorOf(ctx, session))
}

export function noSuchSession(): ServiceError {
  return new ServiceError('not-found', 'There is no such session. It may have ended meanwhile.')
}
