import type { SessionUser } from '@curfew/contract'
import { type Html, html, page } from '@curfew/service'
import { LONGEST_NAME, type Project } from './project.js'
import { MOST_PROJECTS } from './projects.js'
import { isAdmin, mayWrite } from './roles.js'

/** Where the page's stylesheet and browser modules are served. */
export const ASSETS = '/projects/assets'

export interface ProjectsPageOptions {
  readonly user: SessionUser
  /** Newest first. */
  readonly projects: readonly Project[]
  /** Whose projects these are, a user's id. Undefined: everyone's. */
  readonly owner: string | undefined
  /** Which instance answers, and whether it had to ask Redis who is calling. */
  readonly servedBy: { readonly instance: string; readonly sessionFrom: 'memory' | 'redis' }
  readonly publicUrl: URL
}

/** The page works without a script: its forms post, and lead back here. With one it is live. */
export function projectsPage({ user, projects, owner, servedBy, publicUrl }: ProjectsPageOptions): Html {
  const isOwn = owner === user.id
  const row = (project: Project) => projectRow(project, { withControls: mayWrite(user), withOwner: !owner })
  const current = projects.filter(({ archivedAt }) => archivedAt === null)
  const archived = projects.filter(({ archivedAt }) => archivedAt !== null)

  const body = html`<link rel="stylesheet" href="${ASSETS}/projects.css">
<div class="page-head">
<div>
<h1>${titleOf(projects, owner, isOwn)}</h1>
</div>
${isAdmin(user) && switchBetween(owner, isOwn)}
</div>
${mayWrite(user) ? (isOwn || !owner) && createBox : onlyLooking}
<div id="project-list" data-owner="${owner}">
<p class="empty" id="no-projects"${current.length > 0 && html` hidden`}>${mayWrite(user) ? 'Nothing here yet. Give a project a name, and it is here.' : 'Nothing here yet.'}</p>
<ul class="projects" id="current-projects" aria-label="Projects" tabindex="-1">${current.map(row)}</ul>
<details class="archive" id="archive"${archived.length === 0 && html` hidden`}>
<summary>Archived <span class="badge" id="archive-count">${archived.length}</span></summary>
<ul class="projects" id="archived-projects" aria-label="Archived projects">${archived.map(row)}</ul>
</details>
</div>
${projects.length >= MOST_PROJECTS && !owner && html`<p class="soft">These are the newest ${MOST_PROJECTS}. Choose an owner to see all of theirs.</p>`}
<div class="toast" id="toast" role="status"></div>
<template id="project-row">${row(BLANK)}</template>
<footer class="served-by">Served by <strong>${servedBy.instance}</strong>, session from <strong>${servedBy.sessionFrom === 'memory' ? 'memory' : 'Redis'}</strong></footer>`

  return page({
    title: 'Projects',
    body,
    user,
    active: '/projects',
    assets: ASSETS,
    scripts: ['projects-page.js'],
    publicUrl,
  })
}

function titleOf(projects: readonly Project[], owner: string | undefined, isOwn: boolean): string {
  if (owner === undefined) return 'Everyone’s projects'
  return isOwn ? 'Your projects' : `Projects of ${projects[0]?.ownerName ?? 'somebody'}`
}

const switchBetween = (
  owner: string | undefined,
  isOwn: boolean,
) => html`<nav class="switch" aria-label="Whose projects">
<a href="/projects"${owner === undefined && html` aria-current="page"`}>Everyone’s</a>
<a href="/projects?owner=me"${isOwn && html` aria-current="page"`}>Yours</a>
</nav>`

const createBox = html`<form class="create-project" method="post" action="/projects" data-does="create">
<label for="new-project">New project</label>
<input id="new-project" name="name" required maxlength="${LONGEST_NAME}" autocomplete="off" placeholder="What are you working on?">
<button class="primary">Create</button>
</form>`

const onlyLooking = html`<p class="notice">You are a <strong>viewer</strong>: you can look at projects, but not create or change any. Your role comes from your sign-in provider: when it is changed there, your next login brings it here.</p>`

interface RowOptions {
  readonly withControls: boolean
  readonly withOwner: boolean
}

/** One project. The browser makes new rows from the same markup, see browser/project-row.ts. */
function projectRow(project: Project, { withControls, withOwner }: RowOptions): Html {
  const { id, name, version, createdAt, owner, ownerName } = project
  return html`<li class="project" data-id="${id}" data-version="${version}" data-created-at="${createdAt}">
${withControls ? renameForm(project) : html`<span class="project-name">${name}</span>`}
<p class="project-facts">
${withOwner && html`<a class="project-owner" href="/projects?owner=${encodeURIComponent(owner)}">${ownerName}</a>`}
<time datetime="${new Date(createdAt).toISOString()}">${DAY.format(createdAt)}</time>
</p>
${withControls && html`<div class="project-actions">${archiveForm(project)}${deleteForm(project)}</div>`}
</li>`
}

function renameForm({ id, name, version }: Project): Html {
  return html`<form class="rename" method="post" action="/projects/${id}/rename" data-does="rename">
<input type="hidden" name="version" value="${version}">
<input class="project-name" name="name" value="${name}" aria-label="Name of the project" required maxlength="${LONGEST_NAME}" autocomplete="off">
<button class="small save">Save</button>
</form>`
}

function archiveForm({ id, archivedAt }: Project): Html {
  const verb = archivedAt === null ? 'archive' : 'restore'
  return html`<form method="post" action="/projects/${id}/${verb}" data-does="${verb}"><button class="small quiet">${verb === 'archive' ? 'Archive' : 'Restore'}</button></form>`
}

/** A popover asks before anything is lost. It opens and closes without a script. */
function deleteForm({ id, name }: Project): Html {
  return html`<button class="small quiet danger" type="button" popovertarget="delete-${id}">Delete</button>
<div class="delete-question" id="delete-${id}" popover role="dialog" aria-labelledby="delete-${id}-title">
<h2 id="delete-${id}-title">Delete “<span class="delete-name">${name}</span>”?</h2>
<p>It will be gone for good. Archiving it puts it away instead.</p>
<form class="actions" method="post" action="/projects/${id}/delete" data-does="delete">
<button class="danger">Delete it</button>
<button type="button" class="keep" popovertarget="delete-${id}" popovertargetaction="hide" autofocus>Keep it</button>
</form>
</div>`
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

/** What a new row is made from. */
const BLANK: Project = {
  id: '',
  owner: '',
  ownerName: '',
  name: '',
  createdAt: 0,
  archivedAt: null,
  version: 0,
}
