import { parseSessionRecord, type SessionRecord } from '@curfew/contract'
import { execAll } from '@curfew/service'
import { emptyPlaces, type Lists, type Place, placesOfEveryone } from '../sessions/every-list.js'
import { type EndedSession, endedSession } from './ended-session.js'

/**
 * Removes what a new era left behind, user by user: records that nobody accepts any more, and their places in the
 * lists, also those whose record is gone already. Until then they are counted as sessions.
 *
 * `onEnded` is called before they go, and must be right when it is called twice: killed in between, the next run
 * finds the lists as they were.
 */
export async function tidyEveryone(
  lists: Lists,
  onEnded: (sessions: readonly EndedSession[]) => Promise<void>,
): Promise<void> {
  const era = Number(await lists.redis.get(lists.keys.era))
  for await (const places of placesOfEveryone(lists)) {
    await emptyPlaces(lists, places)
    const old = places.flatMap((place) => recordBefore(era, place))
    if (old.length === 0) continue
    await onEnded(old.map(endedSession))
    await remove(lists, old)
  }
}

function recordBefore(era: number, { json }: Place): SessionRecord[] {
  const record = json === null ? null : parseSessionRecord(json)
  return record !== null && record.era < era ? [record] : []
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
