import { KEPT_STEPS, keptStepOf, stepsAt, talliesOf } from '../count-by-steps.js'
import type { Appendable } from '../event-facts.js'
import type { SessionSample } from '../log-store.js'
import type { TallySpan } from '../tally.js'
import { TallyRows } from '../tally-row.js'
import { type SqliteDatabase, snapshot, transaction } from './schema.js'

/** Makes the function that counts what is appended, in the same transaction. */
export function createCounting(database: SqliteDatabase): (appended: readonly Appendable[]) => void {
  const addCount = database.prepare(
    `INSERT INTO tallied_events (step_seconds, at, type, reason, count) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  )
  const addConfirmations = database.prepare(
    `INSERT INTO tallied_confirmations (step_seconds, at, bucket, count) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count`,
  )
  return (appended) => {
    const { counts, confirmations } = talliesOf(appended)
    for (const { stepSeconds, at, type, reason, count } of counts)
      addCount.run(stepSeconds, at, type, reason, count)
    for (const { stepSeconds, at, bucket, count } of confirmations)
      addConfirmations.run(stepSeconds, at, bucket, count)
  }
}

export function keepSample(database: SqliteDatabase, { atMs, activeSessions }: SessionSample): void {
  const keep = database.prepare(
    `INSERT INTO session_samples (step_seconds, at, most) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET most = max(most, excluded.most)`,
  )
  transaction(database, () => {
    for (const { stepSeconds, at } of stepsAt(atMs)) keep.run(stepSeconds, at, activeSessions)
  })
}

export function readTally(database: SqliteDatabase, span: TallySpan) {
  const read = (columns: string, table: string, groups: string) =>
    database
      .prepare(
        `SELECT (at - ?) / ? AS step, ${columns} FROM ${table}
         WHERE step_seconds = ? AND at >= ? AND at < ? GROUP BY ${groups}`,
      )
      .all(...[span.from, span.stepSeconds, keptStepOf(span), span.from, span.to].map(BigInt))
  return snapshot(database, () => ({
    counts: TallyRows.counts.parse(
      read('type, reason, sum(count) AS count', 'tallied_events', '1, type, reason'),
    ),
    confirmations: TallyRows.confirmations.parse(
      read('bucket, sum(count) AS count', 'tallied_confirmations', '1, bucket'),
    ),
    samples: TallyRows.samples.parse(read('max(most) AS most', 'session_samples', '1')),
  }))
}

/** Forgets the steps that were over before then. Within a transaction. */
export function forgetTallies(database: SqliteDatabase, beforeMs: number): void {
  for (const table of ['tallied_events', 'tallied_confirmations', 'session_samples']) {
    const forget = database.prepare(`DELETE FROM ${table} WHERE step_seconds = ? AND at <= ?`)
    for (const stepSeconds of KEPT_STEPS) forget.run(stepSeconds, beforeMs / 1_000 - stepSeconds)
  }
}
