/**
 * Makes the page live: forms are sent without leaving it, and what happens elsewhere, in another tab, on
 * another device or by another instance, appears by itself. Without this module the forms post.
 */
import { createProjectList } from './project-list.js'
import { isEdited, setVersionSeen } from './project-row.js'
import { find, list, type Project, send } from './projects-api.js'
import { type StreamMessage, sharedStream } from './shared-stream.js'
import { complain, say } from './toast.js'

const root = document.querySelector<HTMLElement>('#project-list')
if (root === null) throw new TypeError('the page has no list of projects')
const projects = createProjectList(root)

sharedStream('/projects/stream', onMessage)

document.addEventListener('submit', (submitted) => {
  const form = submitted.target
  if (!(form instanceof HTMLFormElement) || form.dataset['does'] === undefined) return
  submitted.preventDefault()
  void submit(form, form.dataset['does'])
})

document.addEventListener('keydown', ({ key, target }) => {
  if (key !== 'Escape' || !isNameField(target)) return
  target.value = target.defaultValue
  target.form?.classList.remove('edited')
  target.blur()
})

document.addEventListener('input', ({ target }) => {
  if (!isNameField(target)) return
  const { form } = target
  const begins = form?.classList.contains('edited') === false && isEdited(target)
  if (begins) setVersionSeen(form, target.closest<HTMLElement>('.project')?.dataset['version'])
  form?.classList.toggle('edited', isEdited(target))
})

document.addEventListener('visibilitychange', () => {
  // Out of sight a stream may have been cut and messages lost.
  if (document.visibilityState === 'visible') void refresh()
})

async function onMessage({ event, data }: StreamMessage): Promise<void> {
  if (event === 'refresh') {
    await refresh()
  } else if (event === 'project') {
    const { what, project } = JSON.parse(data)
    if (what === 'project.deleted') projects.drop(project.id)
    else projects.put(project)
  }
}

async function refresh(): Promise<void> {
  const all = await list()
  if (all !== null) projects.catchUp(all)
}

async function submit(form: HTMLFormElement, does: string): Promise<void> {
  const fields = new FormData(form)
  if (form.getAttribute('aria-busy') === 'true') return
  form.setAttribute('aria-busy', 'true')
  const answer = await send(form.action, fields)
  const id = form.closest<HTMLElement>('.project')?.dataset['id'] ?? ''
  const isOutdated = 'refusal' in answer && (answer.refusal.status === 409 || answer.refusal.status === 404)
  if (isOutdated) await lookAgain(id, form)
  form.removeAttribute('aria-busy')

  if ('refusal' in answer) {
    form.closest<HTMLElement>('[popover]')?.hidePopover()
    // Whoever reads it may send the same again at once: it is about what there is now.
    complain(answer.refusal.detail)
  } else if (answer.project === null) {
    projects.drop(id)
    say('Deleted.')
  } else {
    showDone(form, does, answer.project)
  }
  // What had the focus may be gone or elsewhere: go on from the list, not from the top of the page.
  if (document.activeElement === document.body) projects.focus()
}

function showDone(form: HTMLFormElement, does: string, project: Project): void {
  if (does === 'create') form.reset()
  if (does === 'rename') {
    const field = form.querySelector<HTMLInputElement>('input.project-name')
    if (field !== null) field.value = field.defaultValue = project.name
    form.classList.remove('edited')
    field?.blur()
  }
  projects.put(project)
  if (does === 'archive') say(`“${project.name}” is archived.`, () => void restore(project))
  else say(SENTENCES[does]?.(project.name) ?? 'Done.')
}

async function restore({ id }: Project): Promise<void> {
  const answer = await send(`/projects/${id}/restore`)
  if ('refusal' in answer) return complain(answer.refusal.detail)
  if (answer.project === null) return
  projects.put(answer.project)
  say(`“${answer.project.name}” is back.`)
  projects.focus()
}

/** Somebody else was faster: show what they left. What was typed stays, and can be sent again. */
async function lookAgain(id: string, form: HTMLFormElement): Promise<void> {
  if (id === '') return
  const answer = await find(id)
  if ('refusal' in answer) {
    if (answer.refusal.status === 404) projects.drop(id)
  } else if (answer.project !== null) {
    projects.put(answer.project)
    setVersionSeen(form, answer.project.version)
  }
}

const SENTENCES: Readonly<Record<string, (name: string) => string>> = {
  create: (name) => `“${name}” is created.`,
  rename: (name) => `It is called “${name}” now.`,
  restore: (name) => `“${name}” is back.`,
}

function isNameField(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement && target.classList.contains('project-name')
}
