import type { SessionUser } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { type Html, html, page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import { ASSETS } from './assets.js'
import type { Farewell, Farewells } from './farewells.js'
import { night } from './night.js'
import { receiptPaper } from './receipt-paper.js'

/**
 * `GET /auth/signed-off/:capability`: what a sign-off by form did, and on to the provider's own. With
 * `?stay` it stays: for who has been there, and wants to look at the receipt.
 */
export function showSignedOff(guard: Guard, farewells: Farewells) {
  return async function showSignedOff(ctx: Context): Promise<void> {
    const farewell = await farewells.find(String(ctx['params'].capability))
    if (farewell === null)
      throw new ServiceError('not-found', 'This page has had its time. You are signed off.')

    const decision = await guard.decide(ctx.headers.cookie)
    const user = decision.kind === 'session' ? decision.session.user : undefined
    // Who has signed in again and comes back here by the history keeps the provider's new session.
    const stays = user !== undefined || ctx.query['stay'] !== undefined
    const continueTo = stays ? null : farewell.continueTo
    // The receipt fills while one looks at it.
    if (continueTo === null && !farewell.receipt.confirmed) ctx.set('Refresh', String(FILLS_EVERY_SECONDS))
    sayFarewell(ctx, { ...farewell, continueTo }, guard.publicUrl, user)
  }
}

/** The page, which leads on to the provider. */
export function sayFarewell(ctx: Context, farewell: Farewell, publicUrl: URL, user?: SessionUser): void {
  const { scope, continueTo } = farewell
  // A header, not a script: it works everywhere, and leaves the policy for forms as strict as it is.
  if (continueTo !== null) ctx.set('Refresh', `0; url=${continueTo}`)
  const body = farewellBody(farewell, user !== undefined)
  respondWithPage(ctx, page({ title: HEADLINES[scope], body, user, assets: ASSETS, publicUrl }))
}

const FILLS_EVERY_SECONDS = 1

export const HEADLINES = {
  session: 'You are signed out',
  others: 'Your other sessions are over',
  user: 'You are signed out everywhere',
}

export function farewellBody(farewell: Farewell, isSignedIn: boolean): Html {
  const { scope, receipt, continueTo } = farewell
  return night({
    size: 'whole',
    // The lights go out where it is true.
    lights: receipt.confirmed ? (scope === 'others' ? 'one' : 'none') : 'still',
    content: html`<div class="farewell">
<h1>${HEADLINES[scope]}</h1>
<p class="lead">${whatEnded(farewell)}</p>
${continueTo === null ? wayOn(isSignedIn) : wayToProvider(continueTo)}
</div>
${receiptPaper(receipt)}`,
  })
}

function whatEnded({ scope, receipt: { sessions, confirmed } }: Farewell): string {
  if (scope === 'others' && sessions === 0) return 'There was no other session to end.'
  const ended = ENDED[scope](sessions)
  return confirmed ? `${ended}, on every service.` : `${ended}. Not every service has confirmed it yet.`
}

const ENDED = {
  session: () => 'The session in this browser has ended',
  others: (count: number) =>
    count === 1 ? 'One other session has ended' : `${count} other sessions have ended`,
  user: (count: number) =>
    count > 1 ? `All ${count} of your sessions have ended` : 'Your only session has ended',
}

const wayOn = (isSignedIn: boolean) =>
  isSignedIn
    ? html`<p class="actions"><a class="button primary" href="/account">Your account</a> <a class="button quiet" href="/">Start page</a></p>`
    : html`<p class="actions"><a class="button primary" href="/auth/login?return_to=/">Sign in again</a> <a class="button quiet" href="/">Start page</a></p>`

/** Some browsers don't follow a Refresh header when they are told not to: hence the link. */
const wayToProvider = (continueTo: string) => html`<p>Next, your sign-in provider signs you out too.</p>
<p class="actions"><a class="button" href="${continueTo}">Continue to the provider</a></p>`
