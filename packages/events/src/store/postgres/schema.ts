import type { PoolClient } from 'pg'
import { z } from 'zod'
import { CHAIN_START } from '../chain.js'

/** Everything of ours is in this schema. */
export const SCHEMA = 'curfew_log'

/** Told when entries were appended. */
export const CHANNEL = 'curfew_log_appended'

/** Of the advisory lock: whatever number nobody else takes. */
const MIGRATION_LOCK = 7_296_001

/** Brings the schema to what this version knows. Many may start at once: one does it, the others wait. */
export async function migrate(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
  const version = await findVersion(client)
  if (version > SCHEMA_VERSION)
    throw new Error(`it was written by a newer Curfew (${version}, and this one knows ${SCHEMA_VERSION})`)
  // Whoever waits for a table holds up all who come after, so a long dump is not waited for.
  await client.query("SET LOCAL lock_timeout = '5s'")
  for (const migration of MIGRATIONS.slice(version)) await client.query(migration)
  if (version < SCHEMA_VERSION)
    await client.query(`UPDATE ${SCHEMA}.state SET schema_version = $1`, [SCHEMA_VERSION])
}

/** Zero where there is no event log. */
export async function findVersion(client: PoolClient): Promise<number> {
  const { rows: found } = await client.query(`SELECT to_regclass('${SCHEMA}.state') IS NOT NULL AS there`)
  if (!z.object({ there: z.boolean() }).parse(found[0]).there) return 0
  const { rows } = await client.query(`SELECT schema_version AS version FROM ${SCHEMA}.state`)
  return z.object({ version: z.number() }).parse(rows[0]).version
}

const FIRST = `
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE SCHEMA IF NOT EXISTS ${SCHEMA};

  CREATE TABLE ${SCHEMA}.events (
    position       bigint PRIMARY KEY,
    hash           bytea NOT NULL,
    stream_id      text NOT NULL,
    streamed_ms    bigint NOT NULL,
    json           text NOT NULL,
    event_id       text NOT NULL UNIQUE,
    type           text NOT NULL,
    source         text NOT NULL,
    time_ms        bigint,
    user_id        text,
    ref            text,
    actor          text,
    ip             text,
    reason         text,
    correlation_id text,
    shown          text NOT NULL
  );
  CREATE INDEX ON ${SCHEMA}.events (type, position);
  CREATE INDEX ON ${SCHEMA}.events (source, position);
  CREATE INDEX ON ${SCHEMA}.events (user_id, position) WHERE user_id IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events (ref, position) WHERE ref IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events (actor, position) WHERE actor IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events (ip, position) WHERE ip IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events (reason, position) WHERE reason IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events (correlation_id, position) WHERE correlation_id IS NOT NULL;
  CREATE INDEX ON ${SCHEMA}.events USING gin (shown gin_trgm_ops);

  CREATE TABLE ${SCHEMA}.hours (
    hour           bigint PRIMARY KEY,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL
  );

  CREATE TABLE ${SCHEMA}.state (
    only_row        integer PRIMARY KEY CHECK (only_row = 1),
    schema_version  integer NOT NULL,
    cursor          text,
    anchor_position bigint NOT NULL,
    anchor_hash     bytea NOT NULL,
    newest_position bigint NOT NULL,
    newest_hash     bytea NOT NULL
  );
  INSERT INTO ${SCHEMA}.state VALUES (1, 0, NULL, 0, '\\x${CHAIN_START.hash}', 0, '\\x${CHAIN_START.hash}');
`

/** What is counted by steps: see count-by-steps.ts. Of a log that is older, what it has is counted now. */
const SECOND = `
  CREATE TABLE ${SCHEMA}.tallied_events (
    step_seconds integer NOT NULL,
    at           bigint NOT NULL,
    type         text NOT NULL,
    reason       text NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (step_seconds, at, type, reason)
  );
  CREATE TABLE ${SCHEMA}.tallied_confirmations (
    step_seconds integer NOT NULL,
    at           bigint NOT NULL,
    bucket       integer NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (step_seconds, at, bucket)
  );
  CREATE TABLE ${SCHEMA}.session_samples (
    step_seconds integer NOT NULL,
    at           bigint NOT NULL,
    most         integer NOT NULL,
    PRIMARY KEY (step_seconds, at)
  );

  INSERT INTO ${SCHEMA}.tallied_events
    SELECT 60, time_ms / 60000 * 60, type, coalesce(reason, ''), count(*)
    FROM ${SCHEMA}.events WHERE time_ms >= 0 GROUP BY 2, 3, 4;
  INSERT INTO ${SCHEMA}.tallied_events
    SELECT step, at / step * step, type, reason, sum(count)
    FROM ${SCHEMA}.tallied_events, (SELECT 600 AS step UNION ALL SELECT 3600 UNION ALL SELECT 86400) AS steps
    GROUP BY 1, 2, 3, 4;
`

/** An event was kept once by its id alone, so that one service could keep a fact of another one out. */
const THIRD = `UPDATE ${SCHEMA}.events SET event_id = source || ' ' || event_id`

/** By which it is known what retention has removed, and Redis may still have. */
const FOURTH = `
  CREATE TABLE ${SCHEMA}.removed (
    position bigint PRIMARY KEY,
    event_id text NOT NULL UNIQUE
  );
`

/** For cursors that people may hold who must not read them: see sealed-cursors.ts. */
const FIFTH = `
  ALTER TABLE ${SCHEMA}.state ADD COLUMN secret text;
  UPDATE ${SCHEMA}.state SET secret = gen_random_uuid() || '-' || gen_random_uuid();
`

/** Of the JSON of all entries: by that it is known how much they take. */
const SIXTH = `
  ALTER TABLE ${SCHEMA}.state ADD COLUMN json_bytes bigint NOT NULL DEFAULT 0;
  UPDATE ${SCHEMA}.state SET json_bytes = (SELECT coalesce(sum(octet_length(json)), 0) FROM ${SCHEMA}.events);
`

const MIGRATIONS = [FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH]

export const SCHEMA_VERSION = MIGRATIONS.length
