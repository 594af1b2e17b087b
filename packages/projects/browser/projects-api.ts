/** As the service has it, see src/project.ts. */
export interface Project {
  readonly id: string
  readonly owner: string
  readonly ownerName: string
  readonly name: string
  readonly createdAt: number
  readonly archivedAt: number | null
  readonly version: number
}

/** A refusal, with a sentence that can be shown. */
export interface Refusal {
  readonly status: number
  readonly detail: string
}

export type Answer = { readonly project: Project | null } | { readonly refusal: Refusal }

/** Sends what a form would send, and asks for the project instead of the page. Null: it is gone. */
export async function send(action: string, fields: FormData = new FormData()): Promise<Answer> {
  const body = new URLSearchParams()
  for (const [name, value] of fields) body.append(name, String(value))
  const answer = await ask(action, { method: 'POST', body })
  if (!answer.ok) return { refusal: await refusalOf(answer) }
  return { project: answer.status === 204 ? null : await answer.json() }
}

/** One project as it is now. */
export async function find(id: string): Promise<Answer> {
  const answer = await ask(`/projects/${id}`)
  return answer.ok ? { project: await answer.json() } : { refusal: await refusalOf(answer) }
}

/** The list that this page shows, or null when it can't be had right now. */
export async function list(): Promise<readonly Project[] | null> {
  const answer = await ask(`/projects${location.search}`)
  if (!answer.ok) return null
  const { projects } = await answer.json()
  return projects
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { ...init, headers: { Accept: 'application/json' }, cache: 'no-store' })
  } catch (error) {
    // A network that is gone shows as a TypeError.
    if (!(error instanceof TypeError)) throw error
    return Response.json({ detail: 'We can’t be reached right now. Try again in a moment.' }, { status: 503 })
  }
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  const { detail } = isJson ? await answer.json() : { detail: 'That did not work. Try again in a moment.' }
  return { status: answer.status, detail }
}
