import type { PoolClient } from 'pg'
import { z } from 'zod'
import type { StoreSize } from '../log-store.js'
import { SCHEMA } from './schema.js'
import { readState } from './state.js'

export async function sizeOf(client: PoolClient): Promise<StoreSize> {
  const { anchor, newest } = await readState(client)
  const { rows } = await client.query(`SELECT pg_total_relation_size('${SCHEMA}.events') AS bytes`)
  const { bytes } = z.object({ bytes: z.coerce.number() }).parse(rows[0])
  return { entries: newest.position - anchor.position, bytes }
}
