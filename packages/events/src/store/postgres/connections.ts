import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg'
import { LogStoreFailed } from '../log-store.js'

/** How long to wait for a connection. Milliseconds. */
const CONNECT_MS = 5_000
/** An answer that is this late will not come. Milliseconds. */
const ANSWER_MS = 60_000
/** A long log is brought up to date for long, and must not be cut off: the next start would begin anew. Milliseconds. */
const LONGEST_MIGRATION_MS = 6 * 60 * 60 * 1_000
/** The server ends what is read for longer: nobody waits for it any more. Milliseconds. */
const LONGEST_READ_MS = 10_000
const MOST_READING = 5
/** Who appends, removes, and counts sessions. None of them waits for who reads. */
const MOST_WRITING = 3

export interface Connections {
  /** Runs `work` so that all of it happens, or nothing. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  /** Runs `work` on the store as it is now, whatever others write meanwhile. No statement may take longer than 10 s. */
  snapshot<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  /** As `transaction`, on a connection of its own, on which a statement may take hours, whatever the server's default is. */
  migration<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What goes wrong in `work` becomes a {@link LogStoreFailed}, except for mistakes of the caller. */
export function openConnections(
  url: string,
  { answerMs = ANSWER_MS }: { readonly answerMs?: number } = {},
): Connections {
  const usual = { connectionString: url, query_timeout: answerMs }
  const writing = openPool({ ...usual, max: MOST_WRITING })
  const reading = openPool({ ...usual, max: MOST_READING, statement_timeout: LONGEST_READ_MS })
  let closing: Promise<unknown> | undefined

  return {
    transaction: (work) => within(writing, 'BEGIN', work),
    snapshot: (work) => within(reading, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    async migration(work) {
      const migrating = openPool({
        connectionString: url,
        max: 1,
        query_timeout: LONGEST_MIGRATION_MS,
        statement_timeout: LONGEST_MIGRATION_MS,
      })
      try {
        return await within(migrating, 'BEGIN', work)
      } finally {
        await migrating.end()
      }
    },
    async close() {
      closing ??= Promise.all([writing.end(), reading.end()])
      await closing
    },
  }
}

function openPool(config: PoolConfig): Pool {
  const pool = new pg.Pool({
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'curfew-event-log',
    ...config,
  })
  // An idle connection was lost: whoever needs one next gets another, or is told.
  pool.on('error', () => undefined)
  // One in use was lost: whoever uses it is told by what they asked, and nobody else would listen.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

async function within<T>(pool: Pool, begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
  let client: PoolClient | undefined
  try {
    client = await pool.connect()
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (cause) {
    // What is still open on it is rolled back with the connection.
    client?.release(true)
    if (cause instanceof TypeError) throw cause
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new LogStoreFailed(`the event log in PostgreSQL failed: ${said}`, { cause })
  }
}
