import { type Html, html } from '@curfew/service'

/** The three ways to sign out, and what each of them does. @param others how many other sessions there are */
export const waysOut = (others: number): Html => html`<section aria-labelledby="sign-out">
<h2 id="sign-out">Sign out</h2>
<form class="card ways-out" method="post" action="/auth/logout">
${wayOut('session', html`<button name="scope" value="session" aria-describedby="out-session">Sign out here</button>`, 'This browser, on every service. Your other devices stay signed in.')}
${wayOut('others', html`<button name="scope" value="others" aria-describedby="out-others"${others === 0 && html` disabled`}>Sign out other sessions</button>`, others === 0 ? 'Every other device and browser. There is none right now.' : 'Every other device and browser. You stay signed in here.')}
${wayOut('user', html`<button name="scope" value="user" class="danger" aria-describedby="out-user">Sign out everywhere</button>`, 'Every device and browser, this one too. For a device that was lost, or when in doubt. What it has open at your sign-in provider is the provider’s to end.')}
</form>
</section>`

const wayOut = (id: string, button: Html, about: string) =>
  html`<div class="way-out">${button}<p id="out-${id}">${about}</p></div>`
