import { type Keys, parseSessionRecord, type SessionRecord } from '@curfew/contract'
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
    await onEnded(records.flatMap((json) => (json === null ? [] : endedSession(understood(json)))))
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

/** What can't be read can't be revoked either: the job is tried again, by a newer identity perhaps. */
function understood(json: string): SessionRecord {
  const record = parseSessionRecord(json)
  if (record === null)
    throw new Error('a session that was ended has a record of a version that is not known here')
  return record
}
