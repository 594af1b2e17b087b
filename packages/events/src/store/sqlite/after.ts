import { z } from 'zod'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { readStored } from '../event-facts.js'
import type { SqliteDatabase } from './schema.js'
import { readState } from './state.js'

/** What stands after a position, and after the anchor, oldest first. What is no event is passed over. */
export function readAfter(database: SqliteDatabase, position: number, count: number): EntryRow[] {
  const read = database.prepare(
    `SELECT ${ENTRY_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
  )
  const found: EntryRow[] = []
  for (let at = Math.max(position, readState(database).anchor.position); found.length < count; ) {
    const wanted = count - found.length
    const rows = z.array(EntryRow).parse(read.all(at, wanted))
    found.push(...rows.filter((row) => readStored(row) !== null))
    at = rows.at(-1)?.position ?? at
    if (rows.length < wanted) break
  }
  return found
}
