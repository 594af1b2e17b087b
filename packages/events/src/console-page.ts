import { EVENT_TYPES, type SessionRecord } from '@curfew/contract'
import { type Html, html, page, respondWithPage } from '@curfew/service'
import type { Context } from 'koa'

/** Where the console's stylesheets and browser modules are served. */
export const CONSOLE_ASSETS = '/console/assets'

/** `GET /console`: the frame that browser/console.ts fills. */
export function showConsole(publicUrl: URL) {
  return function showConsole(ctx: Context): void {
    const { user }: SessionRecord = ctx.state.session
    const options = { user, active: '/console', assets: CONSOLE_ASSETS, scripts: ['console.js'], publicUrl }
    respondWithPage(ctx, page({ title: 'Console', body: body(publicUrl), ...options }))
  }
}

const body = (publicUrl: URL) => html`<link rel="stylesheet" href="${CONSOLE_ASSETS}/console.css">
<div class="page-head console-head">
<h1>Console</h1>
<nav class="tabs" aria-label="Areas">
<a id="log-tab" href="#log" aria-current="page">Log</a>
<a id="users-tab" href="#users">Users</a>
<a id="instances-tab" href="#instances">Instances</a>
</nav>
</div>
<noscript><p class="notice warn">This page is made by its script, and scripts are off. The log is also at <code>/events</code> and <code>/events/stream</code>.</p></noscript>
${logArea()}
${usersArea(publicUrl)}
${instancesArea(publicUrl)}`

const logArea = () => html`<section id="log-area" aria-label="Log">
<form class="log-bar" id="log-filter" role="search">
<input type="search" id="log-text" aria-label="Search the log" placeholder="A name, an address, a reason…" autocomplete="off" spellcheck="false" maxlength="200">
<select id="log-type" aria-label="Type of event">
<option value="">All events</option>
${typesByNoun().map(([noun, types]) => typeGroup(noun, types))}</select>
<span class="badge live warn" id="log-state" role="status">Connecting…</span>
<button type="button" id="log-pause">Pause</button>
</form>
<p class="log-news"><button type="button" class="primary small" id="log-news" hidden></button></p>
<ol class="log" id="log-list" aria-label="Events, newest first"></ol>
<p class="empty" id="log-note" hidden></p>
<p class="log-end"><button type="button" id="log-older" hidden>Load older</button></p>
</section>`

const usersArea = (publicUrl: URL) => html`<section id="users-area" aria-label="Users" hidden>
${elsewhere('users', publicUrl)}
<div class="users-list">
<form id="users-search" role="search">
<input type="search" id="users-query" aria-label="Search users" placeholder="A name or e-mail address" autocomplete="off" spellcheck="false" maxlength="200">
</form>
<ul class="users" id="users-list" aria-label="Users"></ul>
<p class="empty" id="users-note" hidden></p>
<p class="log-end"><button type="button" id="users-more" hidden>More</button></p>
</div>
<div class="card user-view" id="user-view" aria-live="polite"></div>
</section>`

const instancesArea = (publicUrl: URL) => html`<section id="instances-area" aria-label="Instances" hidden>
${elsewhere('instances', publicUrl)}
<p class="instances-bar"><span id="instances-summary"></span> <span class="badge live warn" id="instances-state" role="status">Connecting…</span></p>
<div class="table-wrap stack" id="instances-wrap" hidden>
<table>
<thead><tr><th scope="col">Instance</th><th scope="col">Service</th><th scope="col">State</th><th scope="col">Has applied</th><th scope="col">Lease</th></tr></thead>
<tbody id="instances-list"></tbody>
</table>
</div>
</section>`

/** On a process's own port there is no identity to ask: browser/console.ts shows it there. */
const elsewhere = (area: string, publicUrl: URL) =>
  html`<p class="notice warn elsewhere" hidden>This address has the log alone. The rest is at <a href="${new URL(`/console#${area}`, publicUrl).href}">${publicUrl.host}</a>.</p>`

const typeGroup = (noun: string, types: readonly string[]): Html => html`<optgroup label="${noun}">
${types.length > 1 && html`<option value="${noun}.*">${noun}: all</option>\n`}${types.map((type) => html`<option value="${type}">${type}</option>\n`)}</optgroup>
`

function typesByNoun(): [noun: string, types: string[]][] {
  const nouns = new Set(EVENT_TYPES.map((type) => type.slice(0, type.indexOf('.'))))
  return [...nouns].map((noun) => [noun, EVENT_TYPES.filter((type) => type.startsWith(`${noun}.`))])
}
