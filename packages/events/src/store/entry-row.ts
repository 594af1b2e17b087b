import { z } from 'zod'

/** An entry as it is read, and as it comes from a worker. */
export interface EntryRow {
  readonly position: number
  readonly streamId: string
  readonly json: string
}

/** For both databases; PostgreSQL sends its large numbers as text. */
export const ENTRY_COLUMNS = 'position, stream_id AS "streamId", json'

export const EntryRow = z.object({ position: z.coerce.number(), streamId: z.string(), json: z.string() })
