import { type Html, html } from '@curfew/service'
import { night } from './night.js'

const mark = (paths: Html) =>
  html`<svg class="mark" viewBox="0 0 32 32" width="40" height="40" aria-hidden="true" focusable="false">${paths}</svg>`

const keyMark = mark(html`<circle cx="10.5" cy="16" r="5.5"/><path d="M16 16h12.5M24 16v5M28.5 16v3.5"/>`)

const bellMark = mark(
  html`<path d="M16 6c-4.4 0-6.6 3.2-6.6 7.4v3.8c0 2.2-2.4 3.2-2.4 5.3h18c0-2.1-2.4-3.1-2.4-5.3v-3.8C22.6 9.2 20.4 6 16 6ZM13.2 25.6a3 3 0 0 0 5.6 0M16 3.5V6M4 9.5a12 12 0 0 0-1.2 6M28 9.5a12 12 0 0 1 1.2 6"/>`,
)

const receiptMark = mark(
  html`<path d="M8 4.5h16v23l-2.7-2-2.6 2-2.7-2-2.7 2-2.6-2-2.7 2ZM12 10.5h8M12 15h4M20.5 17l-3.5 4-2-2"/>`,
)

/**
 * What the first page says to somebody who is not signed in.
 *
 * @param signedOff what became of the session they had just now
 */
export const invitation = (signedOff: Html | null): Html => html`${night({
  size: 'tall',
  lights: 'all',
  content: html`${signedOff}<h1>One login opens every service. <span class="bell-line">One bell closes them all.</span></h1>
<p class="lead">Sign in once, and every service in town knows you. Sign out, and you are told when every one
of them has let you go.</p>
<p class="actions"><a class="button primary large" href="/auth/login?return_to=/">Sign in</a></p>`,
})}
<section class="promises" aria-labelledby="promises">
<h2 id="promises" class="visually-hidden">What Curfew does</h2>
<div class="promise">
${keyMark}
<h3>One login</h3>
<p>You sign in at your sign-in provider, once. From then on every service here knows who you are. Your password
stays with the provider, and its access tokens never reach a page.</p>
</div>
<div class="promise">
${bellMark}
<h3>One bell</h3>
<p>Sign out in this browser, on all your other devices, or everywhere at once. The next request is refused on
every service, and open pages say so by themselves.</p>
</div>
<div class="promise">
${receiptMark}
<h3>A receipt</h3>
<p>A sign-out is answered with a list: each running instance of each service, whether it has let go of you, and
after how many milliseconds.</p>
</div>
</section>`
