import { z } from 'zod'

/** An entry as it is read, and as it comes from the worker. */
export interface EntryRow {
  readonly position: number
  readonly streamId: string
  readonly json: string
}

export const ENTRY_COLUMNS = 'position, stream_id AS streamId, json'

export const EntryRow = z.object({ position: z.number(), streamId: z.string(), json: z.string() })
