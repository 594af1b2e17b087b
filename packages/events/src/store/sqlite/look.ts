import { z } from 'zod'
import { HOUR_OF_ROW } from '../hours.js'
import { LinkRow } from '../link-row.js'
import { type SqliteDatabase, snapshot } from './schema.js'
import { findState } from './state.js'

/** What the chain is verified by: entries after a position, and what the store says of its ends. */
export function lookAtChain(database: SqliteDatabase, after: number, count: number) {
  return snapshot(database, () => {
    const state = findState(database)
    const rows = database
      .prepare(
        `SELECT position, lower(hex(hash)) AS hash, stream_id, streamed_ms, json, event_id, type, source, time_ms,
                user_id, ref, actor, ip, reason, correlation_id,
                first_position AS first_of_hour, last_position AS last_of_hour
         FROM events LEFT JOIN hours ON hour = ${HOUR_OF_ROW} WHERE position > ? ORDER BY position LIMIT ?`,
      )
      .all(after, count)
    return {
      bounds: state && { anchor: state.anchor, newest: state.newest },
      links: z.array(LinkRow).parse(rows),
    }
  })
}
