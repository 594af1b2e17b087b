import pg from 'pg'
import { CHANNEL } from './schema.js'

/** The one connection of this process on which it hears that somebody has appended. */
export interface AppendListener {
  close(): Promise<void>
}

const RETRY_MS = 500
/** A connection that was cut without a word is noticed by asking. Milliseconds. */
const ASK_EVERY_MS = 15_000
const ANSWER_MS = 5_000

/**
 * Connects, and again whenever the connection is lost, until it is closed. What was appended meanwhile nobody
 * tells, so `onAppended` is called after each time that it has connected.
 */
export function listenForAppends(url: string, onAppended: () => void): AppendListener {
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function connect(): Promise<void> {
    const mine = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      application_name: 'curfew-event-log-listener',
    })
    client = mine
    mine.on('notification', () => onAppended())
    mine.on('error', () => lose(mine))
    mine.on('end', () => lose(mine))
    try {
      await mine.connect()
      await mine.query(`LISTEN ${CHANNEL}`)
      if (isClosed || client !== mine) return
      onAppended()
      timer = setInterval(() => void ask(mine), ASK_EVERY_MS).unref()
    } catch {
      lose(mine)
    }
  }

  async function ask(mine: pg.Client): Promise<void> {
    try {
      await mine.query('SELECT 1')
    } catch {
      lose(mine)
    }
  }

  function lose(mine: pg.Client): void {
    if (client !== mine) return
    client = null
    clearInterval(timer)
    hangUp(mine)
    if (!isClosed) timer = setTimeout(() => void connect(), RETRY_MS).unref()
  }

  void connect()
  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      const last = client
      client = null
      if (last !== null) await hangUp(last)
    },
  }
}

/** It may be gone already, which is as good. */
function hangUp(client: pg.Client): Promise<unknown> {
  return client.end().catch((error: unknown) => error)
}
