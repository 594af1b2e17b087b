import type { Guard } from '@curfew/guard'
import { page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { Sessions } from '../sessions/sessions.js'
import { ASSETS } from './assets.js'
import { invitation } from './invitation.js'
import { welcome } from './welcome.js'

export interface LandingOptions {
  readonly guard: Guard
  readonly sessions: Sessions
}

/** `GET /`: where people begin. Signed in, it shows where else they are, and how to end that. */
export function showLanding({ guard, sessions }: LandingOptions) {
  return async function showLanding(ctx: Context): Promise<void> {
    const decision = await guard.decide(ctx.headers.cookie)
    if (decision.kind === 'unavailable') {
      throw new ServiceError('store-unavailable', 'We can’t look that up right now. You are still signed in.')
    }
    const common = { active: '/', assets: ASSETS, publicUrl: guard.publicUrl }
    if (decision.kind === 'none') {
      return respondWithPage(ctx, page({ title: 'One login, one bell', body: invitation, ...common }))
    }
    const { session } = decision
    const listed = await sessions.listOf(session.user.id)
    const body = welcome({ session, listed, now: Date.now() })
    respondWithPage(ctx, page({ title: 'Where you are signed in', body, user: session.user, ...common }))
  }
}
