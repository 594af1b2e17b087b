import type { Guard } from '@curfew/guard'
import { type Html, page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { Sessions } from '../sessions/sessions.js'
import { ASSETS } from './assets.js'
import type { Farewells } from './farewells.js'
import { invitation } from './invitation.js'
import type { SignedOffCookie } from './signed-off-cookie.js'
import { signedOffLine } from './signed-off-line.js'
import { welcome } from './welcome.js'

export interface LandingOptions {
  readonly guard: Guard
  readonly sessions: Sessions
  readonly farewells: Farewells
  readonly signedOffCookie: SignedOffCookie
}

/**
 * `GET /`: where people begin. Signed in, it shows where to go; just signed out, what became of it.
 */
export function showLanding({ guard, sessions, farewells, signedOffCookie }: LandingOptions) {
  return async function showLanding(ctx: Context): Promise<void> {
    if (ctx.query['state'] !== undefined) return leaveStateBehind(ctx)
    const decision = await guard.decide(ctx.headers.cookie)
    if (decision.kind === 'unavailable') {
      throw new ServiceError('store-unavailable', 'We can’t look that up right now. You are still signed in.')
    }
    const common = { active: '/', assets: ASSETS, publicUrl: guard.publicUrl }
    if (decision.kind === 'none') {
      const body = invitation(await takeSignedOffLine(ctx))
      return respondWithPage(ctx, page({ title: 'One login, one bell', body, ...common }))
    }
    const { session } = decision
    const listed = await sessions.listOf(session.user.id)
    const others = listed.filter(({ record }) => record.ref !== session.ref).length
    const body = welcome({ session, others })
    respondWithPage(ctx, page({ title: 'Welcome', body, user: session.user, ...common }))
  }

  /** The provider sends it back with whoever signed out there: it means nothing to people, nor to us. */
  function leaveStateBehind(ctx: Context): void {
    ctx.status = 303
    ctx.redirect('/')
  }

  /** Once: whoever comes here again later knows it. */
  async function takeSignedOffLine(ctx: Context): Promise<Html | null> {
    const capability = signedOffCookie.read(ctx)
    if (capability === null) return null
    const farewell = await farewells.find(capability)
    // What is still pending is worth another look.
    if (farewell === null || farewell.receipt.confirmed) signedOffCookie.forget(ctx)
    return farewell && signedOffLine(capability, farewell)
  }
}
