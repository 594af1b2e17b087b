import { z } from 'zod'
import type { ChainPoint } from '../chain.js'
import type { SqliteDatabase } from './schema.js'

/** What a store knows of itself besides its entries. */
export interface State {
  /** The Redis stream is kept up to this id. */
  readonly cursor: string | null
  readonly anchor: ChainPoint
  readonly newest: ChainPoint
}

const Row = z
  .object({
    cursor: z.string().nullable(),
    anchor_position: z.number(),
    anchor_hash: z.string(),
    newest_position: z.number(),
    newest_hash: z.string(),
  })
  .transform((row) => ({
    cursor: row.cursor,
    anchor: { position: row.anchor_position, hash: row.anchor_hash },
    newest: { position: row.newest_position, hash: row.newest_hash },
  }))

/** Null when somebody has removed it. */
export function findState(database: SqliteDatabase): State | null {
  const found = database
    .prepare(
      `SELECT cursor, anchor_position, lower(hex(anchor_hash)) AS anchor_hash,
              newest_position, lower(hex(newest_hash)) AS newest_hash FROM state`,
    )
    .get()
  return found === undefined ? null : Row.parse(found)
}

export function readState(database: SqliteDatabase): State {
  const state = findState(database)
  if (state === null) throw new Error('it does not say where its chain begins and ends')
  return state
}
