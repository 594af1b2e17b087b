import { type Html, html } from '@curfew/service'
import { DEMO_PASSWORD, DEMO_USERS } from './demo-users.js'

/** The development provider's pages. All of it is plain HTML; the look is in assets/dev-provider/page.css. */
export function signInPage({ username, wrong = false }: { username: string; wrong?: boolean }): Html {
  const focus = (field: string) => field === (username === '' ? 'username' : 'password') && html` autofocus`
  const invalid = wrong && html` aria-invalid="true" aria-describedby="problem"`
  return page(
    'Sign in',
    html`<h1>Sign in</h1>
<p class="lead">to continue to <strong>Curfew</strong></p>
${wrong && html`<p class="problem" id="problem" role="alert">That user name and password don’t belong together. Check both, and try again.</p>`}
<form method="post" action="?">
<label for="username">User name</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required${invalid}${focus('username')}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${invalid}${focus('password')}>
<button class="primary">Sign in</button>
<button class="quiet" name="cancel" value="yes" formnovalidate>Cancel</button>
</form>`,
    html`<section class="hints" aria-labelledby="hints">
<h2 id="hints">Demo accounts</h2>
<p>Choose one. The password is always <code>${DEMO_PASSWORD}</code>.</p>
<ul>${DEMO_USERS.map(
      (user) => html`
<li><a href="?as=${user.username}"${user.username === username && html` aria-current="true"`}><code>${user.username}</code><span>${user.name}, ${user.may}</span></a></li>`,
    )}
</ul>
</section>`,
  )
}

/** The provider's own confirmation: where to, and the token that proves that this page was shown. */
export interface ConfirmForm {
  readonly action: string
  readonly token: string
}

export function signOutPage(form: ConfirmForm): Html {
  return page(
    'Sign out',
    html`<h1>Sign out?</h1>
<p class="lead">A link brought you here to end your session at this provider.</p>
<form method="post" action="${form.action}">
<input type="hidden" name="xsrf" value="${form.token}">
<button class="primary" name="logout" value="yes" autofocus>Sign out</button>
<button class="quiet">Stay signed in</button>
</form>`,
  )
}

/** The user already said so in Curfew: the page goes on by itself, and has a button where scripts are off. */
export function signingOutPage(form: ConfirmForm): Html {
  return page(
    'Signing out',
    html`<h1>Signing you out</h1>
<p class="lead">Your session in Curfew has ended. This ends the one at your provider, too, and leads you back.</p>
<form method="post" action="${form.action}" id="go-on">
<input type="hidden" name="xsrf" value="${form.token}">
<input type="hidden" name="logout" value="yes">
<button class="primary" autofocus>Go on</button>
</form>
<script src="/assets/go-on.js"></script>`,
  )
}

export function signedOutPage(clientUrl: string): Html {
  return messagePage(clientUrl, 'You are signed out', html`Your session at this provider has ended.`)
}

export function errorPage(
  problem: { readonly error: string; readonly error_description?: string | undefined },
  clientUrl: string,
): Html {
  return messagePage(
    clientUrl,
    'That did not work',
    html`The request that brought you here can’t be answered. Starting again usually helps.`,
    html`<dl class="detail"><dt>${problem.error}</dt><dd>${problem.error_description}</dd></dl>`,
  )
}

export function expiredPage(clientUrl: string): Html {
  return messagePage(
    clientUrl,
    'This page has expired',
    html`It was open for too long, was already used, or belongs to another browser. Start again from Curfew.`,
  )
}

export function homePage(clientUrl: string): Html {
  return messagePage(
    clientUrl,
    'Provider for development',
    html`Curfew sends you here to sign in. There is nothing else to do.`,
  )
}

export function notFoundPage(clientUrl: string): Html {
  return messagePage(clientUrl, 'There is nothing here', html`This provider has no page at this address.`)
}

function messagePage(clientUrl: string, title: string, sentence: Html, more?: Html): Html {
  return page(
    title,
    html`<h1>${title}</h1>
<p class="lead">${sentence}</p>
${more}
<a class="primary" href="${clientUrl}/">Go to Curfew</a>`,
  )
}

function page(title: string, content: Html, below?: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Curfew demo accounts</title>
<link rel="icon" href="/assets/key.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/page.css">
</head>
<body>
<main>
<div class="card">
<p class="brand"><img src="/assets/key.svg" alt="" width="28" height="28">Curfew demo accounts</p>
${content}
</div>
${below}
</main>
<footer><p>For development. In production, your own provider takes its place.</p></footer>
</body>
</html>
`
}
