import type { SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { openEventStream } from '@curfew/service'
import type { Context } from 'koa'
import { matches } from '#browser/event-filter.js'
import type { LiveLog } from './live-log.js'
import { BEFORE_THE_FIRST, compareIds, encodeCursor } from './log-entries.js'
import { parsePageQuery, parseStreamQuery } from './log-query.js'
import type { LogReader } from './log-reader.js'

/** `GET /events`: a page of the log as JSON, newest first. A person is led to the console. */
export function listEvents(reader: LogReader) {
  return async function listEvents(ctx: Context): Promise<void> {
    const query = parsePageQuery(ctx.query)
    ctx.body = await reader.page(query)
  }
}

export interface StreamEventsOptions {
  readonly guard: Guard
  readonly reader: LogReader
  readonly liveLog: LiveLog
  /** As for `openEventStream`. */
  readonly maxBufferedBytes?: number | undefined
}

/**
 * `GET /events/stream`: the log as it grows, as server-sent events.
 *
 * | event   | `id`                       | data                                                                |
 * | ------- | -------------------------- | ------------------------------------------------------------------- |
 * | `log`   | where it stands in the log | the event                                                           |
 * | `ready` | where the viewer stands    | `{}`: what was missed has been told, from here on it is live        |
 * | `gap`   |                            | `{}`: between `Last-Event-ID` and here, the log has forgotten some  |
 *
 * The stream ends with the viewer's session.
 */
export function streamEvents({ guard, reader, liveLog, maxBufferedBytes }: StreamEventsOptions) {
  return async function streamEvents(ctx: Context): Promise<void> {
    const session: SessionRecord = ctx.state.session
    const { filter, since } = parseStreamQuery(ctx.query, ctx.get('Last-Event-ID'))
    const { from, isGap } = startingPoint(since, await reader.ends())

    const stream = openEventStream(ctx, maxBufferedBytes === undefined ? {} : { maxBufferedBytes })
    const hold = guard.hold(session, (why) => close(`the session ended: ${why}`))
    if (isGap) stream.send({ event: 'gap', data: '{}' })
    const watch = liveLog.watch(from, {
      deliver({ id, event, json }) {
        if (!matches(filter, event)) return true
        if (!hold.mayDeliver()) {
          close('try again')
          return false
        }
        return stream.send({ event: 'log', id: encodeCursor(id), data: json })
      },
      room: () => roomIn(ctx, stream.closed),
      // Its id is what a browser repeats that lost its connection before anything had happened.
      onLive: (position) => void stream.send({ event: 'ready', id: encodeCursor(position), data: '{}' }),
      onEnd: () => close('try again'),
    })

    await stream.closed
    watch.stop()
    hold.release()

    function close(why: string): void {
      // What a slow viewer has not read yet must not reach it after its session.
      if (stream.bufferedBytes > 0) return void stream.abort()
      stream.comment(why)
      stream.close()
    }
  }
}

/** Where to begin, and whether the log has lost something between there and what the viewer knows. */
function startingPoint(
  since: string | undefined,
  ends: { readonly first: string; readonly last: string } | null,
): { from: string; isGap: boolean } {
  const last = ends?.last ?? BEFORE_THE_FIRST
  if (since === undefined) return { from: last, isGap: false }
  // A log that ends before what the viewer has seen was emptied, or restored from earlier.
  if (compareIds(since, last) > 0) return { from: last, isGap: true }
  const isTrimmed = since !== BEFORE_THE_FIRST && ends !== null && compareIds(since, ends.first) < 0
  return { from: since, isGap: isTrimmed }
}

function roomIn({ res }: Context, closed: Promise<void>): Promise<unknown> | undefined {
  if (!res.writableNeedDrain) return undefined
  return Promise.race([new Promise((resolve) => res.once('drain', resolve)), closed])
}
