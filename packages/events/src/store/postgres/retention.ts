import type { PoolClient } from 'pg'
import { z } from 'zod'
import { entriesOver } from '../entries-over.js'
import type { Retention } from '../log-store.js'
import { countedUntil, MOST_KNOWN_REMOVED, Removed } from '../removed.js'
import { SCHEMA } from './schema.js'
import { usedBytesOf } from './size.js'
import { lockState } from './state.js'
import { forgetTallies } from './tallies.js'

/**
 * Within a transaction: removes the oldest entries that the limits don't keep, but no more than `most`.
 *
 * @returns how many were removed
 */
export async function pruneSome(client: PoolClient, limits: Retention, most: number): Promise<number> {
  const { anchor, newest } = await lockState(client)
  const entries = newest.position - anchor.position
  const upTo = Math.min(
    anchor.position + most,
    newest.position,
    Math.max(
      await lastTooOld(client, anchor.position, limits, most),
      newest.position - (limits.mostEntries ?? Infinity),
      anchor.position + entriesOver(limits, { entries, usedBytes: await usedBytesOf(client, entries) }),
    ),
  )
  if (upTo <= anchor.position) return 0

  await client.query(`DELETE FROM ${SCHEMA}.hours WHERE last_position <= $1`, [upTo])
  const { rows } = await client.query(
    `SELECT streamed_ms, (SELECT min(hour) FROM ${SCHEMA}.hours) AS first_hour
     FROM ${SCHEMA}.events WHERE position = $1`,
    [upTo],
  )
  await forgetTallies(client, countedUntil(Removed.parse(rows[0])))
  await client.query(
    `UPDATE ${SCHEMA}.state SET
       (anchor_position, anchor_hash) = (SELECT position, hash FROM ${SCHEMA}.events WHERE position = $1),
       json_bytes = greatest(0, json_bytes -
         (SELECT sum(octet_length(json)) FROM ${SCHEMA}.events WHERE position > anchor_position AND position <= $1))`,
    [upTo],
  )
  await client.query(
    `INSERT INTO ${SCHEMA}.removed (position, event_id)
     SELECT position, event_id FROM ${SCHEMA}.events WHERE position <= $1 ON CONFLICT DO NOTHING`,
    [upTo],
  )
  await client.query(`DELETE FROM ${SCHEMA}.removed WHERE position <= $1`, [upTo - MOST_KNOWN_REMOVED])
  await client.query(`DELETE FROM ${SCHEMA}.events WHERE position <= $1`, [upTo])
  return upTo - anchor.position
}

/** The last of the next entries before one that is young enough to stay. */
async function lastTooOld(
  client: PoolClient,
  anchorPosition: number,
  { olderThan }: Retention,
  most: number,
): Promise<number> {
  if (olderThan === undefined) return anchorPosition
  const { rows } = await client.query(
    `SELECT max(position) AS last, min(position) FILTER (WHERE streamed_ms >= $1) AS first_kept
     FROM (SELECT position, streamed_ms FROM ${SCHEMA}.events WHERE position > $2 ORDER BY position LIMIT $3) AS next`,
    [olderThan, anchorPosition, most],
  )
  const { last, first_kept: firstKept } = Cut.parse(rows[0])
  return firstKept === null ? (last ?? anchorPosition) : firstKept - 1
}

const Cut = z.object({ last: z.coerce.number().nullable(), first_kept: z.coerce.number().nullable() })
