import { z } from 'zod'
import { entriesOver } from '../entries-over.js'
import type { Retention } from '../log-store.js'
import { countedUntil, MOST_KNOWN_REMOVED, Removed } from '../removed.js'
import { type SqliteDatabase, transaction } from './schema.js'
import { bytesOf } from './size.js'
import { readState } from './state.js'
import { forgetTallies } from './tallies.js'

/**
 * Removes the oldest entries that the limits don't keep, but no more than `most`: what waits behind it waits no
 * longer than that takes. The chain is whole after each.
 *
 * @returns how many were removed
 */
export function pruneSome(database: SqliteDatabase, limits: Retention, most: number): number {
  return transaction(database, () => {
    const { anchor, newest } = readState(database)
    const entries = newest.position - anchor.position
    const upTo = Math.min(
      anchor.position + most,
      newest.position,
      Math.max(
        lastTooOld(database, anchor.position, limits, most),
        newest.position - (limits.mostEntries ?? Infinity),
        anchor.position + entriesOver(limits, { entries, ...bytesOf(database) }),
      ),
    )
    if (upTo <= anchor.position) return 0

    database
      .prepare(
        `UPDATE state SET (anchor_position, anchor_hash) = (SELECT position, hash FROM events WHERE position = ?)`,
      )
      .run(upTo)
    database
      .prepare('DELETE FROM events_shown WHERE rowid > ? AND rowid <= ?')
      .run(BigInt(anchor.position), BigInt(upTo))
    database.prepare('DELETE FROM hours WHERE last_position <= ?').run(upTo)
    const removed = Removed.parse(
      database
        .prepare(
          'SELECT streamed_ms, (SELECT min(hour) FROM hours) AS first_hour FROM events WHERE position = ?',
        )
        .get(upTo),
    )
    forgetTallies(database, countedUntil(removed))
    database
      .prepare('INSERT OR IGNORE INTO removed SELECT position, event_id FROM events WHERE position <= ?')
      .run(upTo)
    database.prepare('DELETE FROM removed WHERE position <= ?').run(upTo - MOST_KNOWN_REMOVED)
    database.prepare('DELETE FROM events WHERE position <= ?').run(upTo)
    return upTo - anchor.position
  })
}

/** The last of the next entries before one that is young enough to stay. */
function lastTooOld(
  database: SqliteDatabase,
  anchorPosition: number,
  { olderThan }: Retention,
  most: number,
): number {
  if (olderThan === undefined) return anchorPosition
  const { last, first_kept: firstKept } = Cut.parse(
    database
      .prepare(
        `SELECT max(position) AS last, min(position) FILTER (WHERE streamed_ms >= ?) AS first_kept
         FROM (SELECT position, streamed_ms FROM events WHERE position > ? ORDER BY position LIMIT ?)`,
      )
      .get(olderThan, anchorPosition, most),
  )
  return firstKept === null ? (last ?? anchorPosition) : firstKept - 1
}

const Cut = z.object({ last: z.number().nullable(), first_kept: z.number().nullable() })
