import { randomUUID } from 'node:crypto'
import { type CurfewEvent, createEvent, type EventData, type SessionUser } from '@curfew/contract'
import { ServiceError } from '@curfew/service'
import { type Project, type ProjectChange, projectName } from './project.js'
import { isAdmin, maySee } from './roles.js'
import type { ProjectStore } from './store.js'

/** A user has at most so many projects, archived ones too; a list shows at most so many. */
export const MOST_PROJECTS = 500

/** Who is asking, and what the event log is to say about the request. */
export interface Caller {
  readonly user: SessionUser
  readonly trace: Pick<EventData, 'ref' | 'ip' | 'userAgent' | 'correlationId'>
}

export interface ProjectWish {
  readonly name?: string | undefined
  readonly archived?: boolean | undefined
  /** The version that the caller has seen. Without one the last wish wins. */
  readonly version?: number | undefined
}

export interface ProjectsOptions {
  readonly store: ProjectStore
  /** A user's list from memory, see project-cache.ts. */
  readonly lists: { get(owner: string): Promise<readonly Project[]>; drop(owner: string): void }
  /** Hands the facts of a change to the event log, see outbox.ts. Does not fail. */
  readonly handOver: (facts: readonly CurfewEvent[]) => Promise<void>
  /** Epoch milliseconds. */
  readonly now: () => number
}

export type Projects = ReturnType<typeof createProjects>

/**
 * Projects of one's own. Everyone sees and changes their own ones, admins those of all.
 *
 * A change and the facts about it are written in one step, so that the log tells of it if and only if it
 * happened.
 */
export function createProjects({ store, lists, handOver, now }: ProjectsOptions) {
  /**
   * The projects of a user, newest first; without an owner everyone's newest.
   *
   * @throws {ServiceError} `forbidden` when they are not the caller's own to see
   */
  async function list({ user }: Caller, owner?: string): Promise<readonly Project[]> {
    if (owner !== user.id && !isAdmin(user)) {
      throw new ServiceError('forbidden', 'Only admins see the projects of others.')
    }
    return owner === undefined ? store.newest(MOST_PROJECTS) : lists.get(owner)
  }

  /** @throws {ServiceError} `not-found`, also when it is somebody else's, so that ids can't be probed */
  async function find({ user }: Caller, id: string): Promise<Project> {
    const project = await store.find(id)
    if (project === null || !maySee(user, project.owner)) throw noSuchProject(id)
    return project
  }

  /** @throws {ServiceError} `invalid-input`; `conflict` when the caller has too many */
  async function create(caller: Caller, text: string): Promise<Project> {
    const project: Project = {
      id: randomUUID(),
      owner: caller.user.id,
      ownerName: caller.user.name,
      name: projectName(text),
      createdAt: now(),
      archivedAt: null,
      version: 1,
    }
    const outcome = await write(caller, null, project, [{ what: 'project.created', project }])
    if (outcome === 'full') {
      throw new ServiceError(
        'conflict',
        `You have ${MOST_PROJECTS} projects, which is the most. Delete one that you no longer need.`,
      )
    }
    return project
  }

  /**
   * Renames, archives and restores. What is as wished already stays as it is.
   *
   * @throws {ServiceError} `not-found`, `invalid-input`; `conflict` when it changed after `wish.version`
   */
  async function change(caller: Caller, id: string, wish: ProjectWish): Promise<Project> {
    const name = wish.name === undefined ? undefined : projectName(wish.name)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const before = await find(caller, id)
      const after: Project = {
        ...before,
        name: name ?? before.name,
        archivedAt: archivedAt(before, wish.archived),
        version: before.version + 1,
      }
      const changes = differences(before, after)
      if (changes.length === 0) return before
      if (wish.version !== undefined && wish.version !== before.version) throw changedMeanwhile(before)
      if ((await write(caller, before, after, changes)) === 'done') return after
    }
    throw keepsChanging(id)
  }

  /** Deletes a project, for good. Saying so twice is no error. @throws {ServiceError} `not-found` */
  async function remove(caller: Caller, id: string): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const formerOwner = await store.formerOwner(id)
      if (formerOwner !== null && maySee(caller.user, formerOwner)) return
      const project = await find(caller, id)
      const outcome = await write(caller, project, null, [{ what: 'project.deleted', project }])
      if (outcome === 'done') return
    }
    throw keepsChanging(id)
  }

  async function write(
    caller: Caller,
    before: Project | null,
    after: Project | null,
    changes: readonly ProjectChange[],
  ) {
    const facts = changes.map(({ what, project }) =>
      createEvent(
        'projects',
        what,
        project.owner,
        tell(caller, project, CHANGED[what](before, after)),
        new Date(now()),
      ),
    )
    const outcome = await store.write({ before, after, changes, facts, mostOfOwner: MOST_PROJECTS })
    if (outcome === 'done') {
      for (const { project } of changes) lists.drop(project.owner)
      await handOver(facts)
    }
    return outcome
  }

  function archivedAt(before: Project, archived = before.archivedAt !== null): number | null {
    return archived ? (before.archivedAt ?? now()) : null
  }

  return { list, find, create, change, remove }
}

/** Another write may come between reading and writing; so many in a row are no coincidence. */
const MOST_TRIES = 10

/** The old and the new value of what was changed. */
const CHANGED: Readonly<
  Record<ProjectChange['what'], (before: Project | null, after: Project | null) => Change>
> = {
  'project.created': () => ({}),
  'project.renamed': (before, after) => ({ before: before?.name ?? '', after: after?.name ?? '' }),
  'project.archived': () => ({ before: 'active', after: 'archived' }),
  'project.restored': () => ({ before: 'archived', after: 'active' }),
  'project.deleted': () => ({}),
}

type Change = Pick<EventData, 'before' | 'after'>

function tell({ user, trace }: Caller, project: Project, change: Change): EventData {
  return {
    actor: user.id,
    actorName: user.name,
    subjectName: project.ownerName,
    ...trace,
    project: project.id,
    name: project.name,
    ...change,
  }
}

function differences(before: Project, after: Project): ProjectChange[] {
  const changes: ProjectChange[] = []
  if (before.name !== after.name) changes.push({ what: 'project.renamed', project: after })
  if (before.archivedAt !== after.archivedAt) {
    const what = after.archivedAt === null ? 'project.restored' : 'project.archived'
    changes.push({ what, project: after })
  }
  return changes
}

const noSuchProject = (id: string) => new ServiceError('not-found', 'There is no such project.', { id })

const changedMeanwhile = ({ id, name }: Project) =>
  new ServiceError(
    'conflict',
    `Somebody changed this project meanwhile, it is called “${name}” now. Look at it, then try again.`,
    { id },
  )

const keepsChanging = (id: string) =>
  new ServiceError('conflict', 'Others keep changing this project. Try again in a moment.', { id })
