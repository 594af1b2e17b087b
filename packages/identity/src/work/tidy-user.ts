import { type Keys, parseSessionRecord } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { type EndedSession, endedSession } from './ended-session.js'
import { LeftToAnother } from './wait-for-another.js'

const BATCH = 100

/**
 * Removes what an increment of the user's generation left behind: records that nobody accepts any more.
 *
 * `onEnded` is called before they go, and must be right when it is called twice: killed in between, the
 * next run finds the list as it was.
 *
 * @throws {LeftToAnother} when all is done but for records that only a newer identity understands
 */
export async function tidyUser(
  { redis, keys }: { redis: Redis; keys: Keys },
  userId: string,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  const [generation, tidied] = await redis.hmget(keys.user(userId), 'generation', 'tidiedGeneration')
  const newest = Number(generation) - 1
  let left = 0
  for (let ended = Number(tidied ?? 0) + 1; ended <= newest; ended++) {
    left += await tidyGeneration({ redis, keys }, keys.endedOf(userId, ended), onEnded)
    // Later ones begin where something is left.
    if (left === 0) await redis.hset(keys.user(userId), { tidiedGeneration: ended })
  }
  if (left > 0)
    throw new LeftToAnother(`${left} sessions of a user that was signed off are left to a newer identity`)
}

/** Resolves with how many it had to leave. They stay in front. */
async function tidyGeneration(
  { redis, keys }: { redis: Redis; keys: Keys },
  list: string,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<number> {
  let left = 0
  while (true) {
    const refs = await redis.zrange(list, String(left), String(left + BATCH - 1))
    if (refs.length === 0) return left

    const found = z.array(z.string().nullable()).parse(await redis.mget(refs.map(keys.session)))
    const records = found.map((json) => (json === null ? null : parseSessionRecord(json)))
    const going = refs.filter((_, i) => found[i] === null || records[i] !== null)
    left += refs.length - going.length
    if (going.length === 0) continue
    await onEnded(records.flatMap((record) => (record ? endedSession(record) : [])))
    await execAll(
      redis
        .multi()
        .del(going.map(keys.session))
        .zrem(keys.expiries, ...going)
        .zrem(keys.seen, ...going)
        .zrem(list, ...going),
    )
  }
}
