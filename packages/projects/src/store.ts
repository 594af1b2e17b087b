import type { CurfewEvent } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { ProjectKeys } from './keys.js'
import { PROJECT_CHANGES, type Project, type ProjectChange } from './project.js'

export interface ProjectStore {
  find(id: string): Promise<Project | null>
  /** All of a user's projects, newest first. */
  listOf(owner: string): Promise<readonly Project[]>
  /** The newest of everyone's projects. */
  newest(most: number): Promise<readonly Project[]>
  /** Who owned a project that was deleted within the last day. */
  formerOwner(id: string): Promise<string | null>
  write(writing: Writing): Promise<WriteOutcome>
}

/** A project from one state to the next, null where it is not there, with what is to be told about it. */
export interface Writing {
  readonly before: Project | null
  readonly after: Project | null
  /** Told to all instances. */
  readonly changes: readonly ProjectChange[]
  /** Left in the outbox for the event log. */
  readonly facts: readonly CurfewEvent[]
  readonly mostOfOwner: number
}

/** `changed`: it was not as in `before`, and nothing was done. `full`: the owner has too many. */
export type WriteOutcome = 'done' | 'changed' | 'full'

/**
 * | does          | by                                                               |
 * | ------------- | ---------------------------------------------------------------- |
 * | `find`        | `GET project`                                                    |
 * | `listOf`      | `ZREVRANGE owner`, `MGET project…`                               |
 * | `newest`      | `ZREVRANGE everyone`, `MGET project…`                            |
 * | `formerOwner` | `GET deleted`                                                    |
 * | `write`       | one script: the project, both indexes, the outbox and the bell   |
 */
export function createProjectStore(redis: Redis, keys: ProjectKeys): ProjectStore {
  async function read(index: string, last: number): Promise<readonly Project[]> {
    const ids = await redis.zrevrange(index, 0, last)
    if (ids.length === 0) return []
    const found = await redis.mget(ids.map(keys.project))
    // One that was deleted between the two commands is not there any more.
    return found.flatMap((json) => (json === null ? [] : [parseProject(json)]))
  }

  return {
    async find(id) {
      const json = await redis.get(keys.project(id))
      return json === null ? null : parseProject(json)
    },

    listOf: (owner) => read(keys.owner(owner), -1),
    newest: (most) => read(keys.everyone, most - 1),
    formerOwner: (id) => redis.get(keys.deleted(id)),

    async write({ before, after, changes, facts, mostOfOwner }) {
      const project = after ?? before
      if (project === null) throw new TypeError('nothing to write')
      const outcome = await evaluate(
        redis,
        WRITE,
        [
          keys.project(project.id),
          keys.owner(project.owner),
          keys.everyone,
          keys.outbox,
          keys.deleted(project.id),
        ],
        [
          before?.version ?? 0,
          after === null ? '' : JSON.stringify({ v: 1, ...after }),
          project.id,
          project.owner,
          project.createdAt,
          mostOfOwner,
          REMEMBER_DELETED_MS,
          keys.changes,
          changes.length,
          ...changes.map((change) => JSON.stringify(change)),
          ...facts.flatMap((fact) => [fact.id, JSON.stringify(fact)]),
        ],
      )
      return outcomeSchema.parse(outcome)
    },
  }
}

/** Reads a message of the channel `changes`. @throws when it is not one */
export function parseProjectChange(json: string): ProjectChange {
  return changeSchema.parse(JSON.parse(json))
}

const parseProject = (json: string): Project => storedSchema.parse(JSON.parse(json))

const projectSchema = z.object({
  id: z.string(),
  owner: z.string(),
  ownerName: z.string(),
  name: z.string(),
  createdAt: z.number(),
  archivedAt: z.number().nullable(),
  version: z.number(),
})
const storedSchema = projectSchema.extend({ v: z.literal(1) }).transform(({ v: _, ...project }) => project)
const changeSchema = z.object({ what: z.enum(PROJECT_CHANGES), project: projectSchema })
const outcomeSchema = z.enum(['done', 'changed', 'full'])

const REMEMBER_DELETED_MS = 24 * 60 * 60 * 1000

/**
 * Writes a project if it still has the version that the caller has seen (0: it is not there).
 *
 * KEYS  project, owner's index, everyone's index, outbox, deleted
 * ARGV  version seen, project as JSON or '' to delete it, id, owner, created at, most of one owner,
 *       ms to remember a deleted one, channel, number of changes, change…, fact id, fact…
 * Returns `done`, `changed` or `full`
 */
const WRITE = `
local project, owned, everyone, outbox, deleted = unpack(KEYS)
local seen, json, id, owner, createdAt = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local most, rememberMs, channel, changes = tonumber(ARGV[6]), ARGV[7], ARGV[8], tonumber(ARGV[9])

local current = redis.call('GET', project)
if (current and cjson.decode(current).version or 0) ~= seen then return 'changed' end
if not current and redis.call('ZCARD', owned) >= most then return 'full' end

if json == '' then
  redis.call('DEL', project)
  redis.call('ZREM', owned, id)
  redis.call('ZREM', everyone, id)
  redis.call('SET', deleted, owner, 'PX', rememberMs)
else
  redis.call('SET', project, json)
  redis.call('ZADD', owned, createdAt, id)
  redis.call('ZADD', everyone, createdAt, id)
end
for i = 10, 9 + changes do redis.call('PUBLISH', channel, ARGV[i]) end
for i = 10 + changes, #ARGV, 2 do redis.call('HSET', outbox, ARGV[i], ARGV[i + 1]) end
return 'done'`
