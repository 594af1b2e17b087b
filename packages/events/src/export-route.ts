import { Readable } from 'node:stream'
import { type CurfewEvent, createEvent, type SessionRecord } from '@curfew/contract'
import { type Guard, type Hold, SessionEnded } from '@curfew/guard'
import { callerOf } from '@curfew/service'
import type { Context } from 'koa'
import { csvHead, csvRow } from './csv.js'
import { type ExportFormat, parseExportQuery } from './log-query.js'
import type { LogStore, StoredEntry } from './store/log-store.js'
import { readAll } from './store/read-all.js'

/**
 * `GET /events/export`: everything that fits a filter, newest first, as NDJSON (one event a line) or CSV. It is read
 * as it is sent, in constant memory, and breaks off with the session of whoever asked, and where there is no lease.
 *
 * That a copy was taken is a fact of the log itself: where it can't be told, none is given. `HEAD` takes none.
 *
 * @throws {LogStoreFailed} where the log can't be read: then no copy was taken
 */
export function exportEvents({ guard, store }: { guard: Guard; store: Pick<LogStore, 'page'> }) {
  return async function exportEvents(ctx: Context): Promise<void> {
    const session: SessionRecord = ctx.state.session
    const { filter, format } = parseExportQuery(ctx.query)
    const isTaken = ctx.method !== 'HEAD'
    const entries = readAll(store, filter)
    const first = await entries.next()
    if (isTaken) await guard.recordFact(exportedFact(ctx, session, format))
    ctx.status = 200
    ctx.type = TYPES[format]
    ctx.attachment(`curfew-events.${format}`)
    if (!isTaken) return
    const hold = guard.hold(session, (why) => body.destroy(new SessionEnded(why)))
    const body = Readable.from(whileAllowed(hold, linesOf(format, first, entries)))
    body.once('close', () => hold.release())
    ctx.body = body
  }
}

function exportedFact(ctx: Context, { user, ref }: SessionRecord, format: ExportFormat): CurfewEvent {
  return createEvent('events', 'log.exported', user.id, {
    actor: user.id,
    actorName: user.name,
    subjectName: user.name,
    ref,
    ...callerOf(ctx),
    format,
    filter: ctx.querystring.slice(0, LONGEST_FILTER),
  })
}

/** A fact of more than 8 kB is dropped. In characters. */
const LONGEST_FILTER = 1_000

const TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' }

/** About so many characters go out at once. */
const CHUNK = 64 * 1024

/** A reader that is slow, or a store, may have taken longer than the lease. */
async function* whileAllowed({ mayDeliver }: Pick<Hold, 'mayDeliver'>, chunks: AsyncIterable<string>) {
  for await (const chunk of chunks) {
    if (!mayDeliver()) throw new SessionEnded('recheck')
    yield chunk
  }
}

async function* linesOf(
  format: ExportFormat,
  first: IteratorResult<StoredEntry>,
  others: AsyncIterator<StoredEntry>,
): AsyncGenerator<string, void, undefined> {
  let chunk = format === 'csv' ? `${csvHead()}\r\n` : ''
  for (let next = first; !next.done; next = await others.next()) {
    const { event, json } = next.value
    chunk += format === 'csv' ? `${csvRow(event)}\r\n` : `${json}\n`
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
