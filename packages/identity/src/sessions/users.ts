import type { Keys } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { isUserId } from '../login/user-id.js'
import { storedJson } from '../stored-json.js'
import { afterEntry, afterLogin, entryOf, type Login, loginOf } from './user-cursors.js'
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
   *
   * Who signs in between two pages moves nobody else: each is on one of them, but for who comes before the next page
   * by then.
   *
   * @throws {ServiceError} `invalid-input` when no page of this query gave that cursor
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
 * | `ZREVRANGEBYSCORE users <last login> …`             | all users are listed          |
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
    if (isSome(words)) return searchFor(words, cursor === null ? null : entryOf(cursor, words[0]))
    return listAll(cursor === null ? null : loginOf(cursor))
  }

  async function listAll(after: Login | null): Promise<UserPage> {
    const logins = await loginsAfter(after)
    const shown = logins.slice(0, PAGE_SIZE)
    const found = await findAll(shown.map(({ id }) => id))
    const last = logins.length > PAGE_SIZE ? shown.at(-1) : undefined
    return { users: found.map(({ user }) => user), next: last ? afterLogin(last) : null }
  }

  /** Newest first, and one more than a page if there is one. Who signed in at the same moment is told apart by id. */
  async function loginsAfter(after: Login | null): Promise<Login[]> {
    // In one read: between two, somebody else might sign in and push one over.
    for (let most = PAGE_SIZE + 2; ; most *= 2) {
      const max = after?.at ?? '+inf'
      const replies = await redis.zrevrangebyscore(keys.users, max, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
      const logins: Login[] = []
      for (let i = 0; i < replies.length; i += 2) {
        const [id = '', at] = replies.slice(i, i + 2)
        if (after === null || Number(at) < after.at || id < after.id) logins.push({ id, at: Number(at) })
      }
      if (logins.length > PAGE_SIZE || replies.length < 2 * most) return logins
    }
  }

  async function searchFor(words: Words, after: string | null): Promise<UserPage> {
    const [word] = words
    const users: User[] = []
    let last = after
    for (let read = 0; read < MOST_PAGES_READ; read++) {
      const entries = await redis.zrangebylex(
        keys.userTerms,
        last === null ? `[${word}` : `(${last}`,
        Buffer.concat([Buffer.from(`[${word}`), BEHIND_EVERY_LETTER]),
        'LIMIT',
        0,
        PAGE_SIZE,
      )
      const found = await findAll([...new Set(entries.map((entry) => parseEntry(entry).id))])
      const byId = new Map(found.map((one) => [one.user.id, one]))
      for (const entry of entries) {
        const { term, id } = parseEntry(entry)
        const one = byId.get(id)
        if (one !== undefined && isFoundBy(one.terms, term, words)) {
          if (users.length === PAGE_SIZE) return { users, next: last && afterEntry(last) }
          users.push(one.user)
        }
        last = entry
      }
      if (entries.length < PAGE_SIZE) return { users, next: null }
    }
    return { users, next: last && afterEntry(last) }
  }

  return { find, search }
}

interface Found {
  readonly user: User
  /** As they stand in the index. */
  readonly terms: readonly string[]
}

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
  roles: storedJson.pipe(z.array(z.string())).default([]),
  terms: storedJson.pipe(z.array(z.string())).default([]),
  generation: z.coerce.number().int(),
  blocked: storedJson
    .pipe(z.object({ at: z.number(), by: z.string(), reason: z.string().nullable() }))
    .optional()
    .transform((block) => block ?? null),
  createdAt: z.coerce.number().default(0),
  lastLoginAt: z.coerce.number().default(0),
})
