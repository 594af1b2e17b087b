import { type SessionRecord, sessionCookieName } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { parseBody, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import { z } from 'zod'
import { answerReceipt } from '../receipts/answer-receipt.js'
import type { Receipts } from '../receipts/receipts.js'
import type { SignOffs } from '../sign-off/sign-offs.js'
import type { SignedOff } from '../sign-off/signed-off.js'
import { authorOf } from './author.js'
import type { Farewells } from './farewells.js'
import type { SignedOffCookie } from './signed-off-cookie.js'
import { sayFarewell } from './signed-off-page.js'

export interface SignOutOptions {
  readonly guard: Guard
  readonly signOffs: SignOffs
  readonly receipts: Receipts
  readonly farewells: Farewells
  readonly signedOffCookie: SignedOffCookie
  /** Where the provider ends its own session too, or null. Must not fail: the local sign-off never depends on it. */
  readonly endSessionUrl: (session: SessionRecord) => Promise<URL | null>
  readonly onError: (error: unknown) => void
}

const Input = z.object({
  scope: z.enum(['session', 'others', 'user'], 'must be session, others or user').default('session'),
})

type Scope = z.infer<typeof Input>['scope']

/**
 * `POST /auth/logout`: ends this session, the user's other ones, or all of them. A program gets the
 * receipt; a form is led to a page that shows it and, where the provider has a session of its own, on
 * to the provider (OIDC RP-Initiated Logout 1.0).
 */
export function signOut({
  guard,
  signOffs,
  receipts,
  farewells,
  signedOffCookie,
  endSessionUrl,
  onError,
}: SignOutOptions) {
  return async function signOut(ctx: Context): Promise<void> {
    const { scope } = parseBody(Input, ctx)
    const wantsPage = ctx.accepts('json', 'html') === 'html'
    const decision = await guard.decide(ctx.headers.cookie)

    if (decision.kind === 'unavailable') {
      throw new ServiceError(
        'store-unavailable',
        'Signing out is not possible right now. Try again in a moment.',
      )
    }
    if (decision.kind === 'none') return isSignedOutAlready(ctx, wantsPage)

    const { session } = decision
    const leaves = scope !== 'others'
    // Asked before the tokens go: the provider wants its ID token back as a hint.
    const continueTo = leaves && wantsPage ? await endSessionUrl(session) : null
    const signedOff = await end(ctx, session, scope)
    // Another tab, or its time, was quicker.
    if (signedOff === null) return isSignedOutAlready(ctx, wantsPage)
    if (leaves) forgetCookie(ctx, guard.publicUrl)

    if (!wantsPage) return answerReceipt(ctx, signedOff, receipts)
    const farewell = { scope, continueTo: continueTo?.href ?? null }
    const capability = await keep({ signedOff, ...farewell })
    // At once, then: a form may not be redirected to the provider (Content-Security-Policy, form-action).
    if (capability === null && continueTo !== null)
      return sayFarewell(ctx, { ...farewell, receipt: signedOff.receipt() }, guard.publicUrl)
    ctx.status = 303
    if (capability === null) return ctx.redirect(leaves ? '/' : '/account')
    // The provider leads back to the first page, which then says what the receipt says.
    if (leaves) signedOffCookie.keep(ctx, capability)
    ctx.redirect(`/auth/signed-off/${capability}`)
  }

  /** Null when Redis has gone meanwhile: they are signed off all the same, and see that where they are led. */
  function keep(farewell: Parameters<Farewells['keep']>[0]): Promise<string | null> {
    return farewells.keep(farewell).catch((error: unknown) => {
      onError(error)
      return null
    })
  }

  function end(ctx: Context, session: SessionRecord, scope: Scope): Promise<SignedOff | null> {
    const by = authorOf(ctx, session)
    if (scope === 'session') return signOffs.endSession(session, 'logged-out', by)
    const except = scope === 'others' ? { except: session.ref } : {}
    return signOffs.endUser(session.user, by, { reason: 'everywhere', ...except })
  }

  /** Then they have what they wanted. */
  function isSignedOutAlready(ctx: Context, wantsPage: boolean): void {
    forgetCookie(ctx, guard.publicUrl)
    if (!wantsPage) throw new ServiceError('session-required', 'There is no session to sign out of.')
    ctx.status = 303
    ctx.redirect('/')
  }
}

function forgetCookie(ctx: Context, publicUrl: URL): void {
  const secure = publicUrl.protocol === 'https:' ? '; Secure' : ''
  const name = sessionCookieName(publicUrl)
  ctx.append('Set-Cookie', `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure}`)
}
