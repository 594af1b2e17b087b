import { type Html, html } from './html.js'

export interface PageUser {
  readonly name: string
  readonly roles: readonly string[]
  /** The user's id: open pages notice when the browser has meanwhile become someone else's. */
  readonly id?: string
}

export interface PageOptions {
  readonly title: string
  /** What stands in `<main>`. */
  readonly body: Html
  /** Who is signed in. The page then follows the session, and says so when it ends. */
  readonly user?: PageUser | undefined
  /** The path in the navigation that this page belongs to, `/projects` for instance. */
  readonly active?: string | undefined
  /** Where this service serves its assets, without a slash at the end: `/auth/assets`. */
  readonly assets: string
  /** More browser modules under `assets`, by file name. */
  readonly scripts?: readonly string[] | undefined
  readonly publicUrl: URL
}

/** A whole document: header, navigation, who is signed in, and the body. */
export function page({ title, body, user, active, assets, scripts = [], publicUrl }: PageOptions): Html {
  const modules = user === undefined ? scripts : ['session-watch.js', ...scripts]
  return html`<!doctype html>
<html lang="en" data-public-origin="${publicUrl.origin}"${user?.id !== undefined && html` data-user="${user.id}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Curfew</title>
<link rel="icon" href="${assets}/bell.svg" type="image/svg+xml">
<link rel="stylesheet" href="${assets}/curfew.css">
${modules.map((name) => html`<script type="module" src="${assets}/${name}"></script>\n`)}</head>
<body>
<a class="skip-link" href="#content">Skip to the content</a>
<header class="site-header">
<div class="site-header-inner">
<a class="brand" aria-label="Curfew" href="${new URL('/', publicUrl).href}">${bell}<span>Curfew</span></a>
<nav class="site-nav" aria-label="Main">
${placesFor(user).map(
  ({ path, name }) =>
    html`<a href="${new URL(path, publicUrl).href}"${path === active && html` aria-current="page"`}>${name}</a>\n`,
)}</nav>
${user === undefined ? html`<a class="button quiet" href="${new URL('/auth/login', publicUrl).href}">Sign in</a>` : signedIn(user, publicUrl, active)}
</div>
</header>
<main id="content" tabindex="-1">
${body}
</main>
</body>
</html>
`
}

const placesFor = (user: PageUser | undefined) => [
  { path: '/', name: 'Home' },
  { path: '/projects', name: 'Projects' },
  ...(user?.roles.includes('admin') ? [{ path: '/console', name: 'Console' }] : []),
]

/** A popover opens and closes without a script of ours. */
const signedIn = (user: PageUser, publicUrl: URL, active: string | undefined) => html`<div class="account">
<button class="account-button" type="button" popovertarget="account-menu">
<span class="avatar" aria-hidden="true">${initialsOf(user.name)}</span><span class="visually-hidden">Account of </span><span class="account-name">${user.name}</span>
</button>
<div id="account-menu" class="account-menu" popover>
<p class="account-who"><strong>${user.name}</strong>${user.roles.map((role) => html` <span class="badge">${role}</span>`)}</p>
<a href="${new URL('/account', publicUrl).href}"${active === '/account' && html` aria-current="page"`}>Your account<small>devices, and what happened lately</small></a>
<form method="post" action="${new URL('/auth/logout', publicUrl).href}">
<button name="scope" value="session">Sign out<small>here, in this browser</small></button>
<button name="scope" value="others">Sign out other sessions<small>every other device and browser</small></button>
<button name="scope" value="user" class="danger">Sign out everywhere<small>all sessions, this one too</small></button>
</form>
</div>
</div>`

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  return ends
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}

const bell = html`<svg class="bell" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
<path class="bell-body" d="M16 4.2c-4.9 0-7.7 3.6-7.7 8.6v4.6c0 1.6-.8 2.7-1.9 3.9-1 1.1-.3 2.9 1.3 2.9h16.6c1.6 0 2.3-1.8 1.3-2.9-1.1-1.2-1.9-2.3-1.9-3.9v-4.6c0-5-2.8-8.6-7.7-8.6Z"/>
<path class="bell-clapper" d="M12.9 26.3a3.2 3.2 0 0 0 6.2 0Z"/>
<circle class="bell-crown" cx="16" cy="3.6" r="1.7"/>
</svg>`
