import type { Receipt } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { type Html, html, page, respondWithPage, ServiceError } from '@curfew/service'
import type { Context } from 'koa'
import type { Farewell, Farewells } from './farewells.js'
import { ASSETS } from './landing-page.js'

/** `GET /auth/signed-off/:capability`: what a sign-off by form did, and on to the provider's own. */
export function showSignedOff(guard: Guard, farewells: Farewells) {
  return async function showSignedOff(ctx: Context): Promise<void> {
    const farewell = await farewells.find(String(ctx['params'].capability))
    if (farewell === null)
      throw new ServiceError('not-found', 'This page has had its time. You are signed off.')

    // A header, not a script: it works everywhere, and leaves the policy for forms as strict as it is.
    if (farewell.continueTo !== null) ctx.set('Refresh', `0; url=${farewell.continueTo}`)
    const decision = await guard.decide(ctx.headers.cookie)
    respondWithPage(
      ctx,
      page({
        title: 'Signed off',
        body: bodyOf(farewell),
        user: decision.kind === 'session' ? decision.session.user : undefined,
        assets: ASSETS,
        publicUrl: guard.publicUrl,
      }),
    )
  }
}

const HEADLINES = {
  session: 'You are signed out',
  others: 'Your other sessions are over',
  user: 'You are signed out everywhere',
}

function bodyOf({ scope, receipt, continueTo }: Farewell): Html {
  return html`<section class="hero">
<h1>${HEADLINES[scope]}</h1>
<p class="lead">${sentenceOf(receipt)}</p>
${continueTo !== null && html`<p>Now signing you out at the sign-in provider, too… <a href="${continueTo}">Continue</a></p>`}
${continueTo === null && (scope === 'others' ? html`<p><a class="button" href="/">Back</a></p>` : html`<p><a class="button primary" href="/auth/login?return_to=/">Sign in again</a></p>`)}
</section>
<section aria-labelledby="receipt">
<h2 id="receipt">Receipt</h2>
<div class="table-scroll"><table>
<thead><tr><th scope="col">Instance</th><th scope="col">Service</th><th scope="col">State</th><th scope="col">After</th></tr></thead>
<tbody>${receipt.instances.map(
    ({ id, service, state, ms }) =>
      html`<tr><td>${id}</td><td>${service}</td><td><span class="badge">${state}</span></td><td>${ms === undefined ? '' : `${ms} ms`}</td></tr>`,
  )}</tbody>
</table></div>
</section>`
}

function sentenceOf({ confirmed, sessions, instances, tookMs, boundMs }: Receipt): string {
  const what = `${sessions} ${sessions === 1 ? 'session' : 'sessions'} ended`
  return confirmed
    ? `${what}. All ${instances.length} running service instances have confirmed it, after ${tookMs} ms.`
    : `${what}. Some service instances have not confirmed it yet; none can serve it any longer than ${boundMs} ms.`
}
