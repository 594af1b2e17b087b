import type { Keys } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'

/** A session's place in the list of its user. */
export interface Place {
  readonly userId: string
  readonly ref: string
}

export interface Lists {
  readonly redis: Redis
  readonly keys: Keys
}

/** Users, about: most of them have a session or two, if any. */
const BATCH = 100

/** What stands in everybody's list of sessions, some users at a time. */
export async function* placesOfEveryone({ redis, keys }: Lists): AsyncGenerator<readonly Place[]> {
  let cursor = '0'
  do {
    const [next, members] = await redis.zscan(keys.users, cursor, 'COUNT', BATCH)
    yield await placesOf(
      { redis, keys },
      members.filter((_, i) => i % 2 === 0),
    )
    cursor = next
  } while (cursor !== '0')
}

async function placesOf({ redis, keys }: Lists, userIds: readonly string[]): Promise<Place[]> {
  if (userIds.length === 0) return []
  const commands = redis.pipeline()
  for (const id of userIds) commands.zrange(keys.sessionsOf(id), '0', '-1')
  const lists = z.array(z.array(z.string())).parse(await execAll(commands))
  return userIds.flatMap((userId, i) => (lists[i] ?? []).map((ref) => ({ userId, ref })))
}

/** For those whose record is gone: it never comes back, but they would be counted as sessions for ever. */
export async function removePlaces({ redis, keys }: Lists, places: readonly Place[]): Promise<void> {
  const commands = redis.pipeline()
  for (const { userId, ref } of places) commands.zrem(keys.sessionsOf(userId), ref)
  if (commands.length > 0) await execAll(commands)
}
