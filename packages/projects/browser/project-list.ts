import { fillRow, makeRow, type ProjectRow } from './project-row.js'
import type { Project } from './projects-api.js'

/**
 * The rows on the page. News of a project comes twice, late or never, from the answer to one's own
 * request and from the stream: its version says which is newer.
 */
export function createProjectList(root: HTMLElement) {
  const current = part(root, '#current-projects')
  const archived = part(root, '#archived-projects')
  /** Empty: everyone's projects are shown. */
  const owner = root.dataset['owner'] ?? ''
  const deleted = new Set<string>()
  const touchedAt = new Map<string, number>()

  /** Shows a project as it is now, if that is news. */
  function put(project: Project): void {
    if (deleted.has(project.id) || (owner !== '' && project.owner !== owner)) return
    const row = rowOf(project.id)
    if (row !== null && Number(row.dataset['version']) >= project.version) return

    touchedAt.set(project.id, performance.now())
    place(row ?? makeRow(project), project)
  }

  function place(row: ProjectRow, project: Project): void {
    fillRow(row, project)
    const list = project.archivedAt === null ? current : archived
    if (row.parentElement !== list) {
      const older = [...list.children].find(
        (other) => other instanceof HTMLElement && Number(other.dataset['createdAt']) < project.createdAt,
      )
      list.insertBefore(row, older ?? null)
    }
    flash(row)
    count()
  }

  function drop(id: string): void {
    deleted.add(id)
    rowOf(id)?.remove()
    count()
  }

  /**
   * Catches up with the whole list. It may come from an instance that has not heard of the very newest
   * yet, so a row that changed a moment ago is not missed.
   */
  function catchUp(projects: readonly Project[]): void {
    for (const project of projects) put(project)
    const there = new Set(projects.map(({ id }) => id))
    for (const { dataset } of root.querySelectorAll<HTMLElement>('.project')) {
      const id = dataset['id'] ?? ''
      const isSettled = performance.now() - (touchedAt.get(id) ?? -SETTLED_MS) >= SETTLED_MS
      if (!there.has(id) && isSettled) rowOf(id)?.remove()
    }
    count()
  }

  function rowOf(id: string): ProjectRow | null {
    return root.querySelector<ProjectRow>(`.project[data-id="${CSS.escape(id)}"]`)
  }

  function count(): void {
    part(root, '#no-projects').hidden = current.children.length > 0
    part(root, '#archive').hidden = archived.children.length === 0
    part(root, '#archive-count').textContent = String(archived.children.length)
  }

  return { put, drop, catchUp, focus: () => current.focus() }
}

/** Longer than a list is kept in memory by the service. */
const SETTLED_MS = 10_000

/** So that a change that somebody else made is seen. */
function flash(row: ProjectRow): void {
  row.classList.remove('changed')
  // Reading the layout lets the animation start anew.
  void row.offsetWidth
  row.classList.add('changed')
}

function part(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector)
  if (found === null) throw new TypeError(`the page has no ${selector}`)
  return found
}
