import type { PoolClient } from 'pg'
import { z } from 'zod'
import type { StoreSize } from '../log-store.js'
import { SCHEMA } from './schema.js'
import { readState } from './state.js'

/**
 * What an entry takes with all its indexes, as it was measured: so much, and so many times the bytes of its JSON.
 *
 * Counted, since PostgreSQL does not say which part of its files is free to be used again, and gives hardly any of it back.
 */
const ENTRY_BYTES = 500
const BYTES_OF_JSON_BYTE = 4.3

export async function sizeOf(client: PoolClient): Promise<StoreSize> {
  const { anchor, newest } = await readState(client)
  const { rows } = await client.query(`SELECT pg_total_relation_size('${SCHEMA}.events') AS bytes`)
  const { bytes } = z.object({ bytes: z.coerce.number() }).parse(rows[0])
  const entries = newest.position - anchor.position
  return { entries, bytes, usedBytes: await usedBytesOf(client, entries) }
}

/** @param entries how many there are */
export async function usedBytesOf(client: PoolClient, entries: number): Promise<number> {
  const { rows } = await client.query(`SELECT json_bytes AS "jsonBytes" FROM ${SCHEMA}.state`)
  const { jsonBytes } = z.object({ jsonBytes: z.coerce.number() }).parse(rows[0])
  return Math.round(entries * ENTRY_BYTES + jsonBytes * BYTES_OF_JSON_BYTE)
}
