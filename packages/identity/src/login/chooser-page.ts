import { type Html, html } from '@curfew/service'
import { night } from '../account/night.js'

export interface WayToSignIn {
  /** How the provider is called among people. */
  readonly label: string
  /** Where the login with it begins. */
  readonly path: string
}

/** Which provider to sign in with, when there are several. */
export function chooser(ways: readonly WayToSignIn[]): Html {
  return night({
    size: 'whole',
    lights: 'all',
    content: html`<section class="card chooser">
<h1>Sign in</h1>
<p class="soft" id="choose">Choose an account. It opens every service here.</p>
<ul aria-labelledby="choose">
${ways.map(({ label, path }) => html`<li><a class="button" href="${path}">Continue with ${label}</a></li>\n`)}</ul>
</section>`,
  })
}
