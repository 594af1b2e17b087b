import type { Keys } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { isUserId } from '../login/user-id.js'
import { isFoundBy, isSome, parseEntry, type Words, wordsOf } from './user-terms.js'

/** A user as admins see them. The row outlives every session: it holds the block and the generation. */
export interface User {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly provider: string
  readonly name: string
  readonly email: string | null
  readonly picture: string | null
  readonly roles: readonly string[]
  readonly generation: number
  readonly blocked: Block | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly lastLoginAt: number
  /** How many sessions are listed. */
  readonly sessions: number
}

export interface Block {
  /** Epoch milliseconds. */
  readonly at: number
  /** The admin's user id. */
  readonly by: string
  readonly reason: string | null
}

export interface UserPage {
  readonly users: readonly User[]
  /** Where the next page begins, null on the last. Opaque. */
  readonly next: string | null
}

export interface Users {
  find(id: string): Promise<User | null>
  /**
   * Users of whom a word of the name, the address or the id at the provider begins so, each once; all, newest login
   * first, for an empty query. A page may be short and have a next one.
   */
  search(query: string, cursor: string | null): Promise<UserPage>
}

const PAGE_SIZE = 50

/** Of the index one call looks at so many pages at the most: a word may be everybody's, and the next one nobody's. */
const MOST_PAGES_READ = 20

/** Redis compares bytes, and no letter's UTF-8 begins with this one. */
const BEHIND_EVERY_LETTER = Buffer.of(0xff)

/**
 * | command                                             | when                          |
 * | --------------------------------------------------- | ----------------------------- |
 * | `HGETALL user:<id>`, `ZCARD user:<id>:sessions`     | a user is shown               |
 * | `ZREVRANGE users <offset> …`                        | all users are listed          |
 * | `ZRANGEBYLEX users:terms [<word> …`                 | users are searched            |
 *
 * Rows are written by the scripts that create and end sessions, and by nothing else.
 */
export function createUsers(redis: Redis, keys: Keys): Users {
  async function find(id: string): Promise<User | null> {
    // Keys stand beside that of a user which only end differently: `user:<id>:sessions`.
    return isUserId(id) ? ((await findAll([id]))[0]?.user ?? null) : null
  }

  async function findAll(ids: readonly string[]): Promise<Found[]> {
    if (ids.length === 0) return []
    const pipeline = redis.pipeline()
    for (const id of ids) pipeline.hgetall(keys.user(id)).zcard(keys.sessionsOf(id))
    const replies = await execAll(pipeline)
    return ids.flatMap((id, i) => {
      const row = UserRow.safeParse(replies[2 * i])
      if (!row.success) return []
      const { terms, ...shown } = row.data
      return [{ user: { id, ...shown, sessions: z.number().parse(replies[2 * i + 1]) }, terms }]
    })
  }

  async function search(query: string, cursor: string | null): Promise<UserPage> {
    const words = wordsOf(query)
    const offset = cursor === null ? 0 : Number(cursor)
    return isSome(words) ? searchFor(words, offset) : listAll(offset)
  }

  async function listAll(offset: number): Promise<UserPage> {
    const ids = await redis.zrevrange(keys.users, offset, offset + PAGE_SIZE)
    const found = await findAll(ids.slice(0, PAGE_SIZE))
    const next = ids.length > PAGE_SIZE ? String(offset + PAGE_SIZE) : null
    return { users: found.map(({ user }) => user), next }
  }

  async function searchFor(words: Words, offset: number): Promise<UserPage> {
    const [word] = words
    const users: User[] = []
    let at = offset
    for (let read = 0; read < MOST_PAGES_READ; read++) {
      const entries = await redis.zrangebylex(
        keys.userTerms,
        `[${word}`,
        Buffer.concat([Buffer.from(`[${word}`), BEHIND_EVERY_LETTER]),
        'LIMIT',
        at,
        PAGE_SIZE,
      )
      const named = entries.map(parseEntry)
      const found = await findAll([...new Set(named.map(({ id }) => id))])
      const byId = new Map(found.map((one) => [one.user.id, one]))
      for (const [i, { term, id }] of named.entries()) {
        const one = byId.get(id)
        if (one === undefined || !isFoundBy(one.terms, term, words)) continue
        if (users.length === PAGE_SIZE) return { users, next: String(at + i) }
        users.push(one.user)
      }
      at += entries.length
      if (entries.length < PAGE_SIZE) return { users, next: null }
    }
    return { users, next: String(at) }
  }

  return { find, search }
}

interface Found {
  readonly user: User
  /** As they stand in the index. */
  readonly terms: readonly string[]
}

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

const textOrNull = z
  .string()
  .optional()
  .transform((text) => text || null)

/** Of a user who was lost by Redis and made anew, blocked, there may be no more than that: to be unblocked, all the same. */
const UserRow = z.object({
  issuer: z.string().default(''),
  subject: z.string().default(''),
  provider: z.string().default(''),
  name: z.string().default('?'),
  email: textOrNull,
  picture: textOrNull,
  roles: json.pipe(z.array(z.string())).default([]),
  terms: json.pipe(z.array(z.string())).default([]),
  generation: z.coerce.number().int(),
  blocked: json
    .pipe(z.object({ at: z.number(), by: z.string(), reason: z.string().nullable() }))
    .optional()
    .transform((block) => block ?? null),
  createdAt: z.coerce.number().default(0),
  lastLoginAt: z.coerce.number().default(0),
})
