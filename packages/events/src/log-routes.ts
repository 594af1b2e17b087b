import type { SessionRecord } from '@curfew/contract'
import type { Guard } from '@curfew/guard'
import { openEventStream, type ServerSentEvent } from '@curfew/service'
import type { Context } from 'koa'
import { encodeCursor } from './cursors.js'
import { matches } from './event-filter.js'
import type { LiveLog } from './live-log.js'
import { parsePageQuery, parseStreamQuery } from './log-query.js'
import type { LogStore } from './store/log-store.js'

/**
 * `GET /events`: a page of the log as JSON, newest first. A person is led to the console.
 *
 * | field      | holds                                                                                     |
 * | ---------- | ----------------------------------------------------------------------------------------- |
 * | `events`   | newest first                                                                              |
 * | `next`     | a cursor for `before`, or null when nothing older fits; a page may be empty and have one  |
 * | `position` | a cursor of where the log ended when it was read: what comes after it is in no page yet   |
 */
export function listEvents(store: Pick<LogStore, 'page' | 'ends'>) {
  return async function listEvents(ctx: Context): Promise<void> {
    const query = parsePageQuery(ctx.query)
    const last = (await store.ends())?.last ?? 0
    const { entries, next } = await store.page(query)
    // What was kept between the two reads, and is on this page, was seen.
    const end = query.before ?? Math.max(last, entries[0]?.position ?? 0)
    ctx.body = {
      events: entries.map(({ event }) => event),
      next: next === null ? null : encodeCursor(next),
      position: encodeCursor(end),
    }
  }
}

export interface StreamEventsOptions {
  readonly guard: Guard
  readonly store: Pick<LogStore, 'ends'>
  readonly liveLog: LiveLog
  /** As for `openEventStream`. */
  readonly maxBufferedBytes?: number | undefined
}

/**
 * `GET /events/stream`: the log as it grows, as server-sent events.
 *
 * | event   | `id`                       | data                                                                |
 * | ------- | -------------------------- | ------------------------------------------------------------------- |
 * | `begin` | where the viewer begins    | `{}`: sent at once, so that who is cut off here goes on from here   |
 * | `log`   | where it stands in the log | the event                                                           |
 * | `ready` | where the viewer stands    | `{}`: what was missed has been told, from here on it is live        |
 * | `gap`   |                            | `{}`: between what was told before, or `Last-Event-ID`, and what    |
 * |         |                            | comes next, the log has forgotten some                              |
 *
 * The stream ends with the viewer's session.
 */
export function streamEvents({ guard, store, liveLog, maxBufferedBytes }: StreamEventsOptions) {
  return async function streamEvents(ctx: Context): Promise<void> {
    const session: SessionRecord = ctx.state.session
    const { filter, since } = parseStreamQuery(ctx.query, ctx.get('Last-Event-ID'))
    const last = (await store.ends())?.last ?? 0
    // A log that ends before what the viewer has seen is another one.
    const isOther = since !== undefined && since > last
    const from = since === undefined || isOther ? last : since

    const stream = openEventStream(ctx, maxBufferedBytes === undefined ? {} : { maxBufferedBytes })
    const hold = guard.hold(session, (why) => close(`the session ended: ${why}`))
    tell({ event: 'begin', id: encodeCursor(from), data: '{}' })
    if (isOther) tellGap()
    const watch = liveLog.watch(from, {
      deliver({ position, event, json }) {
        return !matches(filter, event) || tell({ event: 'log', id: encodeCursor(position), data: json })
      },
      onGap: tellGap,
      room: () => roomIn(ctx, stream.closed),
      // Its id is what a browser repeats that lost its connection before anything had happened.
      onLive: (position) => void tell({ event: 'ready', id: encodeCursor(position), data: '{}' }),
      onEnd: () => close('try again'),
    })

    await stream.closed
    watch.stop()
    hold.release()

    /** False when the stream is over. Whatever is told of the log is a decision of its own. */
    function tell(message: ServerSentEvent): boolean {
      if (hold.mayDeliver()) return stream.send(message)
      close('try again')
      return false
    }

    function tellGap(): void {
      tell({ event: 'gap', data: '{}' })
    }

    function close(why: string): void {
      // What a slow viewer has not read yet must not reach it after its session.
      if (stream.bufferedBytes > 0) return void stream.abort()
      stream.comment(why)
      stream.close()
    }
  }
}

function roomIn({ res }: Context, closed: Promise<void>): Promise<unknown> | undefined {
  if (!res.writableNeedDrain) return undefined
  return Promise.race([new Promise((resolve) => res.once('drain', resolve)), closed])
}
