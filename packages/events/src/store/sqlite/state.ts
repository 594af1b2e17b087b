import { SecretRow, type State, StateRow } from '../state-row.js'
import type { SqliteDatabase } from './schema.js'

/** Null when somebody has removed it. */
export function findState(database: SqliteDatabase): State | null {
  const found = database
    .prepare(
      `SELECT cursor, anchor_position, lower(hex(anchor_hash)) AS anchor_hash,
              newest_position, lower(hex(newest_hash)) AS newest_hash FROM state`,
    )
    .get()
  return found === undefined ? null : StateRow.parse(found)
}

export function readState(database: SqliteDatabase): State {
  const state = findState(database)
  if (state === null) throw new Error('it does not say where its chain begins and ends')
  return state
}

export function readSecret(database: SqliteDatabase): string {
  return SecretRow.parse(database.prepare('SELECT secret FROM state').get()).secret
}
