import type { Project } from './projects-api.js'

/** A row as the server renders it, see src/page.ts. */
export type ProjectRow = HTMLLIElement

/** Makes a row for a project from the page's template. */
export function makeRow(project: Project): ProjectRow {
  const template = document.querySelector<HTMLTemplateElement>('#project-row')
  const row = template?.content.querySelector<ProjectRow>('li')?.cloneNode(true)
  if (!(row instanceof HTMLLIElement)) throw new TypeError('the page has no template of a row')
  fillRow(row, project)
  return row
}

/** Brings a row up to date. A name that somebody is typing right now stays as it is. */
export function fillRow(row: ProjectRow, project: Project): void {
  const { id, name, owner, ownerName, createdAt, archivedAt, version } = project
  row.dataset['id'] = id
  row.dataset['version'] = String(version)
  row.dataset['createdAt'] = String(createdAt)

  for (const form of row.querySelectorAll('form')) {
    const does = form.dataset['does'] ?? ''
    if (does === 'archive' || does === 'restore') {
      form.dataset['does'] = archivedAt === null ? 'archive' : 'restore'
      set(form, 'button', (button) => {
        button.textContent = archivedAt === null ? 'Archive' : 'Restore'
      })
    }
    form.action = `/projects/${id}/${form.dataset['does']}`
  }
  set(row, 'input.project-name', (input: HTMLInputElement) => fillName(input, project))
  set(row, 'span.project-name', (span) => {
    span.textContent = name
  })
  set(row, 'time', (time: HTMLTimeElement) => {
    time.dateTime = new Date(createdAt).toISOString()
    time.textContent = DAY.format(createdAt)
  })
  set(row, '.project-owner', (link: HTMLAnchorElement) => {
    link.href = `/projects?owner=${encodeURIComponent(owner)}`
    link.textContent = ownerName
  })
  set(row, '.delete-question', (question) => fillQuestion(row, question, id, name))
}

/** Which version a rename is about: it is refused when another has come between. */
export function setVersionSeen(form: HTMLFormElement | null, version: number | string | undefined): void {
  const input = form?.querySelector<HTMLInputElement>('input[name=version]')
  if (input) input.value = String(version)
}

/** Whether the name in this field is another than the one that is stored. */
export const isEdited = (input: HTMLInputElement) => input.value !== input.defaultValue

/** What is typed belongs to the version that was there when the typing began. */
function fillName(input: HTMLInputElement, { name, version }: Project): void {
  const isUntouched = !isEdited(input)
  input.defaultValue = name
  if (!isUntouched) return
  input.value = name
  setVersionSeen(input.form, version)
}

function fillQuestion(row: ProjectRow, question: HTMLElement, id: string, name: string): void {
  question.id = `delete-${id}`
  question.setAttribute('aria-labelledby', `delete-${id}-title`)
  for (const button of row.querySelectorAll('[popovertarget]')) {
    button.setAttribute('popovertarget', question.id)
  }
  set(question, 'h2', (title) => {
    title.id = `delete-${id}-title`
  })
  set(question, '.delete-name', (span) => {
    span.textContent = name
  })
}

function set<Found extends HTMLElement>(within: Element, selector: string, change: (found: Found) => void) {
  const found = within.querySelector<Found>(selector)
  if (found !== null) change(found)
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
