import { type Keys, parseSessionRecord } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { type EndedSession, endedSession } from './ended-session.js'

const BATCH = 100

/**
 * Removes what an increment of the user's generation left behind: records that nobody accepts any more.
 *
 * `onEnded` is called before they go, and must be right when it is called twice: killed in between, the
 * next run finds the list as it was.
 */
export async function tidyUser(
  { redis, keys }: { redis: Redis; keys: Keys },
  userId: string,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  const [generation, tidied] = await redis.hmget(keys.user(userId), 'generation', 'tidiedGeneration')
  const newest = Number(generation) - 1
  for (let ended = Number(tidied ?? 0) + 1; ended <= newest; ended++) {
    await tidyGeneration({ redis, keys }, keys.endedOf(userId, ended), onEnded)
    await redis.hset(keys.user(userId), { tidiedGeneration: ended })
  }
}

async function tidyGeneration(
  { redis, keys }: { redis: Redis; keys: Keys },
  list: string,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  while (true) {
    const refs = await redis.zrange(list, '0', String(BATCH - 1))
    if (refs.length === 0) return

    const records = z.array(z.string().nullable()).parse(await redis.mget(refs.map(keys.session)))
    const ended = records.flatMap((json) => {
      const record = json === null ? null : parseSessionRecord(json)
      return record ? [endedSession(record)] : []
    })
    await onEnded(ended)
    await execAll(
      redis
        .multi()
        .del(refs.map(keys.session))
        .zrem(keys.expiries, ...refs)
        .zrem(keys.seen, ...refs)
        .zrem(list, ...refs),
    )
  }
}
