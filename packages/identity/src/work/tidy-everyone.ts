import { parseSessionRecord, type SessionRecord } from '@curfew/contract'
import { execAll } from '@curfew/service'
import { type Lists, placesOfEveryone, removePlaces } from '../sessions/every-list.js'
import { type EndedSession, endedSession } from './ended-session.js'
import { LeftToAnother } from './wait-for-another.js'

/**
 * Removes what a new era left behind, user by user: records that nobody accepts any more, and their places in the
 * lists, also those whose record is gone already. Until then they are counted as sessions.
 *
 * `onEnded` is called before they go, and must be right when it is called twice: killed in between, the next run
 * finds the lists as they were.
 *
 * @throws {LeftToAnother} when all is done but for records that only a newer identity understands
 */
export async function tidyEveryone(
  lists: Lists,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  const era = Number(await lists.redis.get(lists.keys.era))
  let left = 0
  for await (const places of placesOfEveryone(lists)) {
    if (places.length === 0) continue
    const found = await lists.redis.mget(places.map(({ ref }) => lists.keys.session(ref)))
    await removePlaces(
      lists,
      places.filter((_, i) => found[i] === null),
    )
    const stored = found.flatMap((json) => json ?? [])
    const records = stored.flatMap((json) => parseSessionRecord(json) ?? [])
    // Of which era they are is not known either.
    left += stored.length - records.length
    const old = records.filter((record) => record.era < era)
    if (old.length === 0) continue
    await onEnded(old.map(endedSession))
    await remove(lists, old)
  }
  if (left > 0)
    throw new LeftToAnother(`${left} sessions are left to a newer identity, after everybody’s sign-off`)
}

async function remove({ redis, keys }: Lists, sessions: readonly SessionRecord[]): Promise<void> {
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
