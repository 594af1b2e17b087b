import type { Keys } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { Profile } from '../login/finished-login.js'
import { isUserId } from '../login/user-id.js'

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
  /** Users of whom a word of the name or address begins so; all, newest login first, for an empty query. */
  search(query: string, cursor: string | null): Promise<UserPage>
}

const PAGE_SIZE = 50

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
    return isUserId(id) ? ((await findAll([id]))[0] ?? null) : null
  }

  async function findAll(ids: readonly string[]): Promise<User[]> {
    if (ids.length === 0) return []
    const pipeline = redis.pipeline()
    for (const id of ids) pipeline.hgetall(keys.user(id)).zcard(keys.sessionsOf(id))
    const replies = await execAll(pipeline)
    return ids.flatMap((id, i) => {
      const row = UserRow.safeParse(replies[2 * i])
      if (!row.success) return []
      return [{ id, ...row.data, sessions: z.number().parse(replies[2 * i + 1]) }]
    })
  }

  async function search(query: string, cursor: string | null): Promise<UserPage> {
    const [word, ...others] = wordsOf(query)
    const offset = cursor === null ? 0 : Number(cursor)
    if (word === undefined) {
      const ids = await redis.zrevrange(keys.users, offset, offset + PAGE_SIZE)
      return page(await findAll(ids.slice(0, PAGE_SIZE)), ids.length > PAGE_SIZE, offset)
    }
    const terms = await redis.zrangebylex(
      keys.userTerms,
      `[${word}`,
      Buffer.concat([Buffer.from(`[${word}`), BEHIND_EVERY_LETTER]),
      'LIMIT',
      offset,
      PAGE_SIZE + 1,
    )
    const ids = new Set(terms.slice(0, PAGE_SIZE).map((term) => term.slice(term.lastIndexOf('\n') + 1)))
    const users = await findAll([...ids])
    const matching = users.filter((user) =>
      others.every((other) => termsOf(user).some((term) => term.startsWith(other))),
    )
    return page(matching, terms.length > PAGE_SIZE, offset)
  }

  return { find, search }
}

/** What a user is found by: the words of the name, the address, and the id at the provider. */
export function termsOf({ name, email, subject }: Pick<Profile, 'name' | 'email' | 'subject'>): string[] {
  return [...new Set([...wordsOf(name), ...wordsOf(email ?? ''), subject.toLowerCase()])]
}

function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
}

function page(users: readonly User[], more: boolean, offset: number): UserPage {
  return { users, next: more ? String(offset + PAGE_SIZE) : null }
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
  generation: z.coerce.number().int(),
  blocked: json
    .pipe(z.object({ at: z.number(), by: z.string(), reason: z.string().nullable() }))
    .optional()
    .transform((block) => block ?? null),
  createdAt: z.coerce.number().default(0),
  lastLoginAt: z.coerce.number().default(0),
})
