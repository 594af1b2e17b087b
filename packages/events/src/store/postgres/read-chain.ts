import type { PoolClient } from 'pg'
import { z } from 'zod'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { readStored } from '../event-facts.js'
import { HOUR_OF_ROW } from '../hours.js'
import { LinkRow } from '../link-row.js'
import type { StoredEntry } from '../log-store.js'
import type { ChainLook } from '../verify-chain.js'
import { SCHEMA } from './schema.js'
import { findState, readState } from './state.js'

/** What stands after a position, and after the anchor, oldest first. What is no event is passed over. */
export async function readAfter(client: PoolClient, position: number, count: number): Promise<StoredEntry[]> {
  const found: StoredEntry[] = []
  const { anchor } = await readState(client)
  for (let at = Math.max(position, anchor.position); found.length < count; ) {
    const wanted = count - found.length
    const { rows } = await client.query(
      `SELECT ${ENTRY_COLUMNS} FROM ${SCHEMA}.events WHERE position > $1 ORDER BY position LIMIT $2`,
      [at, wanted],
    )
    const entries = z.array(EntryRow).parse(rows)
    found.push(...entries.flatMap((row) => readStored(row) ?? []))
    at = entries.at(-1)?.position ?? at
    if (entries.length < wanted) break
  }
  return found
}

/** What the chain is verified by, within a snapshot. */
export async function lookAtChain(client: PoolClient, after: number, count: number): Promise<ChainLook> {
  const state = await findState(client)
  const { rows } = await client.query(
    `SELECT position, encode(hash, 'hex') AS hash, stream_id, streamed_ms, json, event_id, type, source, time_ms,
            user_id, ref, actor, ip, reason, correlation_id,
            first_position AS first_of_hour, last_position AS last_of_hour
     FROM ${SCHEMA}.events LEFT JOIN ${SCHEMA}.hours ON hour = ${HOUR_OF_ROW} WHERE position > $1 ORDER BY position LIMIT $2`,
    [after, count],
  )
  return {
    bounds: state && { anchor: state.anchor, newest: state.newest },
    links: z.array(LinkRow).parse(rows),
  }
}
