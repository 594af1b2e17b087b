import type { PoolClient } from 'pg'
import { KEPT_STEPS, keptStepOf, stepsAt, talliesOf } from '../count-by-steps.js'
import type { Appendable } from '../event-facts.js'
import type { SessionSample } from '../log-store.js'
import type { Tally, TallySpan } from '../tally.js'
import { TallyRows } from '../tally-row.js'
import { SCHEMA } from './schema.js'

/** Counts what is appended, in the same transaction, that has the state. */
export async function countAppended(client: PoolClient, appended: readonly Appendable[]): Promise<void> {
  const { counts, confirmations } = talliesOf(appended)
  await client.query(
    `INSERT INTO ${SCHEMA}.tallied_events AS kept (step_seconds, at, type, reason, count)
     SELECT "stepSeconds", at, type, reason, count FROM json_to_recordset($1)
       AS row ("stepSeconds" integer, at bigint, type text, reason text, count bigint)
     ON CONFLICT (step_seconds, at, type, reason) DO UPDATE SET count = kept.count + excluded.count`,
    [JSON.stringify(counts)],
  )
  if (confirmations.length === 0) return
  await client.query(
    `INSERT INTO ${SCHEMA}.tallied_confirmations AS kept (step_seconds, at, bucket, count)
     SELECT "stepSeconds", at, bucket, count FROM json_to_recordset($1)
       AS row ("stepSeconds" integer, at bigint, bucket integer, count bigint)
     ON CONFLICT (step_seconds, at, bucket) DO UPDATE SET count = kept.count + excluded.count`,
    [JSON.stringify(confirmations)],
  )
}

export async function keepSample(client: PoolClient, { atMs, activeSessions }: SessionSample): Promise<void> {
  await client.query(
    `INSERT INTO ${SCHEMA}.session_samples AS kept (step_seconds, at, most)
     SELECT "stepSeconds", at, $2 FROM json_to_recordset($1) AS row ("stepSeconds" integer, at bigint)
     ON CONFLICT (step_seconds, at) DO UPDATE SET most = greatest(kept.most, excluded.most)`,
    [JSON.stringify(stepsAt(atMs)), activeSessions],
  )
}

export async function readTally(client: PoolClient, span: TallySpan): Promise<Tally> {
  const read = async (columns: string, table: string, groups: string): Promise<unknown> => {
    const { rows } = await client.query(
      `SELECT (at - $1) / $2 AS step, ${columns} FROM ${SCHEMA}.${table}
       WHERE step_seconds = $3 AND at >= $1 AND at < $4 GROUP BY ${groups}`,
      [span.from, span.stepSeconds, keptStepOf(span), span.to],
    )
    return rows
  }
  return {
    counts: TallyRows.counts.parse(
      await read('type, reason, sum(count) AS count', 'tallied_events', '1, type, reason'),
    ),
    confirmations: TallyRows.confirmations.parse(
      await read('bucket, sum(count) AS count', 'tallied_confirmations', '1, bucket'),
    ),
    samples: TallyRows.samples.parse(await read('max(most) AS most', 'session_samples', '1')),
  }
}

/** Forgets the steps that were over before then. */
export async function forgetTallies(client: PoolClient, beforeMs: number): Promise<void> {
  for (const table of ['tallied_events', 'tallied_confirmations', 'session_samples'])
    for (const stepSeconds of KEPT_STEPS)
      await client.query(`DELETE FROM ${SCHEMA}.${table} WHERE step_seconds = $1 AND at <= $2`, [
        stepSeconds,
        Math.floor(beforeMs / 1_000) - stepSeconds,
      ])
}
