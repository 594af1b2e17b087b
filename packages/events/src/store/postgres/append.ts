import type { PoolClient } from 'pg'
import { z } from 'zod'
import { BEFORE_THE_FIRST } from '../../log-entries.js'
import { linkAfter } from '../chain.js'
import type { EntryRow } from '../entry-row.js'
import { type Appendable, readAppendable } from '../event-facts.js'
import { hourOf } from '../hours.js'
import type { Batch } from '../log-store.js'
import { CHANNEL, SCHEMA } from './schema.js'
import { lockState } from './state.js'
import { countAppended } from './tallies.js'

/** Within a transaction. Null where the stream is not kept up to `after`. */
export async function append(
  client: PoolClient,
  { entries, upTo }: Batch,
  after?: string,
): Promise<EntryRow[] | null> {
  const appendables = entries.map(readAppendable)
  const { cursor, newest: before } = await lockState(client)
  if (after !== undefined && after !== (cursor ?? BEFORE_THE_FIRST)) return null
  let newest = before
  const missing = await withoutKept(client, appendables)
  const rows = missing.map(({ streamId, json, streamedMs, shown, facts }) => {
    newest = linkAfter(newest, { streamId, json })
    return { ...facts, ...newest, streamId, json, streamedMs, shown }
  })
  if (rows.length > 0) {
    await client.query(INSERT_EVENTS, [JSON.stringify(rows)])
    await countAppended(client, missing)
    await client.query(WIDEN_HOURS, [JSON.stringify(hoursOf(rows))])
    await client.query('SELECT pg_notify($1, $2)', [CHANNEL, String(newest.position)])
  }
  await client.query(
    `UPDATE ${SCHEMA}.state SET cursor = coalesce($1, cursor), newest_position = $2, newest_hash = decode($3, 'hex'),
                                json_bytes = json_bytes + $4`,
    [upTo ?? null, newest.position, newest.hash, bytesOf(rows)],
  )
  return rows.map(({ position, streamId, json }) => ({ position, streamId, json }))
}

/** Each event once, and none that is there already, or was. */
async function withoutKept(client: PoolClient, entries: readonly Appendable[]): Promise<Appendable[]> {
  const { rows } = await client.query(
    `SELECT event_id AS "eventId" FROM ${SCHEMA}.events WHERE event_id = ANY ($1)
     UNION ALL SELECT event_id FROM ${SCHEMA}.removed WHERE event_id = ANY ($1)`,
    [entries.map(({ facts }) => facts.eventId)],
  )
  const kept = new Set(EventIds.parse(rows).map(({ eventId }) => eventId))
  return entries.filter(({ facts: { eventId } }) => {
    if (kept.has(eventId)) return false
    kept.add(eventId)
    return true
  })
}

const EventIds = z.array(z.object({ eventId: z.string() }))

const INSERT_EVENTS = `
  INSERT INTO ${SCHEMA}.events
    (position, hash, stream_id, streamed_ms, json, event_id, type, source, time_ms,
     user_id, ref, actor, ip, reason, correlation_id, shown)
  SELECT position, decode(hash, 'hex'), "streamId", "streamedMs", json, "eventId", type, source, "timeMs",
         "user", ref, actor, ip, reason, "correlationId", shown
  FROM json_to_recordset($1) AS entry (
    position bigint, hash text, "streamId" text, "streamedMs" bigint, json text, "eventId" text, type text,
    source text, "timeMs" bigint, "user" text, ref text, actor text, ip text, reason text,
    "correlationId" text, shown text)`

const WIDEN_HOURS = `
  INSERT INTO ${SCHEMA}.hours (hour, first_position, last_position)
  SELECT hour, first, last FROM json_to_recordset($1) AS span (hour bigint, first bigint, last bigint)
  ON CONFLICT (hour) DO UPDATE SET last_position = excluded.last_position`

function bytesOf(rows: readonly EntryRow[]): number {
  return rows.reduce((total, { json }) => total + Buffer.byteLength(json), 0)
}

function hoursOf(rows: ReadonlyArray<{ readonly timeMs: number | null; readonly position: number }>) {
  const spans = new Map<number, { hour: number; first: number; last: number }>()
  for (const { timeMs, position } of rows) {
    if (timeMs === null) continue
    const hour = hourOf(timeMs)
    spans.set(hour, { hour, first: spans.get(hour)?.first ?? position, last: position })
  }
  return [...spans.values()]
}
