import { BEFORE_THE_FIRST } from '../../log-entries.js'
import { linkAfter } from '../chain.js'
import type { EntryRow } from '../entry-row.js'
import { type Appendable, readAppendable } from '../event-facts.js'
import { hourOf } from '../hours.js'
import type { Batch } from '../log-store.js'
import { type SqliteDatabase, transaction } from './schema.js'
import { readState } from './state.js'
import { createCounting } from './tallies.js'

/** Makes the function that appends; its statements are prepared once. Null where the stream is not kept up to `after`. */
export function createAppend(
  database: SqliteDatabase,
): (batch: Batch & { readonly after?: string | undefined }) => EntryRow[] | null {
  const find = database.prepare(
    'SELECT 1 FROM events WHERE event_id = ?1 UNION ALL SELECT 1 FROM removed WHERE event_id = ?1',
  )
  const insertEvent = database.prepare(
    `INSERT INTO events (position, hash, stream_id, streamed_ms, json, event_id, type, source, time_ms,
                         user_id, ref, actor, ip, reason, correlation_id)
     VALUES (?, unhex(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertShown = database.prepare('INSERT INTO events_shown (rowid, shown) VALUES (?, ?)')
  const widenHour = database.prepare(
    `INSERT INTO hours (hour, first_position, last_position) VALUES (?, ?, ?)
     ON CONFLICT (hour) DO UPDATE SET last_position = excluded.last_position`,
  )
  const count = createCounting(database)
  const moveOn = database.prepare(
    'UPDATE state SET cursor = coalesce(?, cursor), newest_position = ?, newest_hash = unhex(?)',
  )

  return ({ entries, upTo, after }) => {
    const appendables = entries.map(readAppendable)
    return transaction(database, () => {
      const appended: EntryRow[] = []
      const counted: Appendable[] = []
      const { cursor, newest: before } = readState(database)
      if (after !== undefined && after !== (cursor ?? BEFORE_THE_FIRST)) return null
      let newest = before
      for (const appendable of appendables) {
        const { streamId, json, streamedMs, facts, shown } = appendable
        if (find.get(facts.eventId) !== undefined) continue
        newest = linkAfter(newest, { streamId, json })
        const { position, hash } = newest
        insertEvent.run(
          position,
          hash,
          streamId,
          streamedMs,
          json,
          facts.eventId,
          facts.type,
          facts.source,
          facts.timeMs,
          facts.user,
          facts.ref,
          facts.actor,
          facts.ip,
          facts.reason,
          facts.correlationId,
        )
        insertShown.run(position, shown)
        if (facts.timeMs !== null) widenHour.run(hourOf(facts.timeMs), position, position)
        appended.push({ position, streamId, json })
        counted.push(appendable)
      }
      count(counted)
      moveOn.run(upTo ?? null, newest.position, newest.hash)
      return appended
    })
  }
}
