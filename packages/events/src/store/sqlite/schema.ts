import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import { z } from 'zod'
import { CHAIN_START } from '../chain.js'

export type SqliteDatabase = Database.Database

/** How long to wait for another process that writes. Milliseconds. */
export const BUSY_MS = 5_000
/** Of the file, in memory. Bytes. */
const CACHE_BYTES = 32 * 2 ** 20

export const SCHEMA_VERSION = 5

/**
 * Opens the file, and makes it where there is none, if it may.
 *
 * `synchronous=FULL`: what is committed is on disk. WAL: readers never wait for whoever writes.
 */
export function openSqlite(file: string, mayCreate: boolean): SqliteDatabase {
  if (!mayCreate && !existsSync(file)) throw new Error('there is no such file')
  mkdirSync(dirname(file), { recursive: true })
  // What SQLite puts beside it is as readable as this.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const database = new Database(file, { timeout: BUSY_MS })
  try {
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec(`PRAGMA cache_size = -${CACHE_BYTES / 1024}`)
    // Nobody is kept waiting for a schema that is up to date.
    if (versionOf(database) !== SCHEMA_VERSION) transaction(database, () => migrate(database))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Runs `work` so that all of it happens, or nothing. Nobody else writes meanwhile. */
export function transaction<T>(database: SqliteDatabase, work: () => T): T {
  return within(database, 'BEGIN IMMEDIATE', work)
}

/** Runs `work` on the store as it is now, whatever others write meanwhile. */
export function snapshot<T>(database: SqliteDatabase, work: () => T): T {
  return within(database, 'BEGIN', work)
}

function within<T>(database: SqliteDatabase, begin: string, work: () => T): T {
  database.exec(begin)
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function migrate(database: SqliteDatabase): void {
  const version = versionOf(database)
  if (version > SCHEMA_VERSION)
    throw new Error(`it was written by a newer Curfew (${version}, and this one knows ${SCHEMA_VERSION})`)
  if (version < 1) database.exec(FIRST)
  if (version < 2) database.exec(SECOND)
  if (version < 3) database.exec(THIRD)
  if (version < 4) database.exec(FOURTH)
  if (version < 5) database.exec(FIFTH)
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
}

export function versionOf(database: SqliteDatabase): number {
  return Version.parse(database.prepare('PRAGMA user_version').get()).user_version
}

const Version = z.object({ user_version: z.number() })

/*
 * `events_shown` is an index alone, it keeps no text. Of the hours, each knows the positions between which its
 * events stand, so that a search by time begins where it must.
 */
const FIRST = `
  CREATE TABLE events (
    position       INTEGER PRIMARY KEY,
    hash           BLOB NOT NULL,
    stream_id      TEXT NOT NULL,
    streamed_ms    INTEGER NOT NULL,
    json           TEXT NOT NULL,
    event_id       TEXT NOT NULL UNIQUE,
    type           TEXT NOT NULL,
    source         TEXT NOT NULL,
    time_ms        INTEGER,
    user_id        TEXT,
    ref            TEXT,
    actor          TEXT,
    ip             TEXT,
    reason         TEXT,
    correlation_id TEXT
  ) STRICT;
  CREATE INDEX events_by_type ON events (type, position);
  CREATE INDEX events_by_source ON events (source, position);
  CREATE INDEX events_by_user_id ON events (user_id, position) WHERE user_id IS NOT NULL;
  CREATE INDEX events_by_ref ON events (ref, position) WHERE ref IS NOT NULL;
  CREATE INDEX events_by_actor ON events (actor, position) WHERE actor IS NOT NULL;
  CREATE INDEX events_by_ip ON events (ip, position) WHERE ip IS NOT NULL;
  CREATE INDEX events_by_reason ON events (reason, position) WHERE reason IS NOT NULL;
  CREATE INDEX events_by_correlation_id ON events (correlation_id, position) WHERE correlation_id IS NOT NULL;

  CREATE VIRTUAL TABLE events_shown USING fts5 (
    shown, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
  );

  CREATE TABLE hours (
    hour           INTEGER PRIMARY KEY,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE state (
    only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
    cursor          TEXT,
    anchor_position INTEGER NOT NULL,
    anchor_hash     BLOB NOT NULL,
    newest_position INTEGER NOT NULL,
    newest_hash     BLOB NOT NULL
  ) STRICT;
  INSERT INTO state VALUES (1, NULL, 0, x'${CHAIN_START.hash}', 0, x'${CHAIN_START.hash}');
`

/* What is counted by steps: see count-by-steps.ts. Of a log that is older, what it has is counted now. */
const SECOND = `
  CREATE TABLE tallied_events (
    step_seconds INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    type         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (step_seconds, at, type, reason)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tallied_confirmations (
    step_seconds INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    bucket       INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (step_seconds, at, bucket)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE session_samples (
    step_seconds INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    most         INTEGER NOT NULL,
    PRIMARY KEY (step_seconds, at)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO tallied_events
    SELECT 60, time_ms / 60000 * 60, type, coalesce(reason, ''), count(*)
    FROM events WHERE time_ms >= 0 GROUP BY 2, 3, 4;
  INSERT INTO tallied_events
    SELECT step, at / step * step, type, reason, sum(count)
    FROM tallied_events, (SELECT 600 AS step UNION ALL SELECT 3600 UNION ALL SELECT 86400) AS steps
    GROUP BY 1, 2, 3, 4;
`

/** An event was kept once by its id alone, so that one service could keep a fact of another one out. */
const THIRD = "UPDATE events SET event_id = source || ' ' || event_id"

/** By which it is known what retention has removed, and Redis may still have. */
const FOURTH = `
  CREATE TABLE removed (
    position INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE
  ) STRICT;
`

/** For cursors that people may hold who must not read them: see sealed-cursors.ts. */
const FIFTH = `
  ALTER TABLE state ADD COLUMN secret TEXT;
  UPDATE state SET secret = lower(hex(randomblob(32)));
`
