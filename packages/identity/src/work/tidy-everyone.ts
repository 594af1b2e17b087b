import { type Keys, parseSessionRecord, type SessionRecord } from '@curfew/contract'
import { execAll } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { type EndedSession, endedSession } from './ended-session.js'

/** Users, about: most of them have a session or two, if any. */
const BATCH = 100

interface Store {
  readonly redis: Redis
  readonly keys: Keys
}

/**
 * Removes what a new era left behind, user by user: records that nobody accepts any more, and their places in the
 * lists. Until then they are counted as sessions.
 *
 * `onEnded` is called before they go, and must be right when it is called twice: killed in between, the next run
 * finds the lists as they were.
 */
export async function tidyEveryone(
  store: Store,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  const { redis, keys } = store
  let cursor = '0'
  do {
    const [next, members] = await redis.zscan(keys.users, cursor, 'COUNT', BATCH)
    const old = await oldSessionsOf(
      store,
      members.filter((_, i) => i % 2 === 0),
    )
    if (old.length > 0) {
      await onEnded(old.map(endedSession))
      await remove(store, old)
    }
    cursor = next
  } while (cursor !== '0')
}

/** Those of an earlier era. */
async function oldSessionsOf({ redis, keys }: Store, userIds: readonly string[]): Promise<SessionRecord[]> {
  const commands = redis.pipeline().get(keys.era)
  for (const id of userIds) commands.zrange(keys.sessionsOf(id), '0', '-1')
  const [era, ...lists] = Replies.parse(await execAll(commands))
  const refs = lists.flat()
  if (refs.length === 0) return []
  const records = await redis.mget(refs.map(keys.session))
  return records.flatMap((json) => {
    const record = json === null ? null : parseSessionRecord(json)
    return record !== null && record.era < era ? [record] : []
  })
}

async function remove({ redis, keys }: Store, sessions: readonly SessionRecord[]): Promise<void> {
  const commands = redis.multi()
  for (const { ref, user } of sessions) {
    commands
      .del(keys.session(ref))
      .zrem(keys.expiries, ref)
      .zrem(keys.seen, ref)
      .zrem(keys.sessionsOf(user.id), ref)
  }
  await execAll(commands)
}

const Replies = z.tuple([z.coerce.number()], z.array(z.string()))
