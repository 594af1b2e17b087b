import { ServiceError } from '@curfew/service'

export interface Project {
  readonly id: string
  /** Id of the user whose project it is. */
  readonly owner: string
  readonly ownerName: string
  readonly name: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Epoch milliseconds, or null while it is in use. */
  readonly archivedAt: number | null
  /** Counts its changes, from 1: who renames says which one they have seen. */
  readonly version: number
}

/** What can happen to a project: the types of the facts that go into the event log. */
export const PROJECT_CHANGES = [
  'project.created',
  'project.renamed',
  'project.archived',
  'project.restored',
  'project.deleted',
] as const

export type ProjectChangeType = (typeof PROJECT_CHANGES)[number]

/** Something happened to a project. `project` is as it was left, or as it last was. */
export interface ProjectChange {
  readonly what: ProjectChangeType
  readonly project: Project
}

export const LONGEST_NAME = 100

/**
 * A name as it may be kept: 1 to 100 characters, without space around it.
 *
 * Refused are line breaks, control characters, and those that turn the direction of the text around
 * them: in the event log a name must not pass for something else.
 *
 * @throws {ServiceError} `invalid-input`
 */
export function projectName(text: string): string {
  const name = text.trim()
  if (name === '') throw new ServiceError('invalid-input', 'A project needs a name.')
  if ([...name].length > LONGEST_NAME) {
    throw new ServiceError('invalid-input', `A project’s name has at most ${LONGEST_NAME} characters.`)
  }
  if (UNFIT.test(name)) {
    throw new ServiceError(
      'invalid-input',
      'A project’s name is one line of text, without control characters.',
    )
  }
  return name
}

const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u
