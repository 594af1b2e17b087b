import type { Context } from 'koa'

export interface EventStreamOptions {
  /** A comment is sent this often, so that proxies and clients see that we live. @default 15_000 */
  readonly heartbeatMs?: number
  /** A viewer that lags behind by more than this is cut off, and resumes by `Last-Event-ID`. @default 1 MiB */
  readonly maxBufferedBytes?: number
}

export interface ServerSentEvent {
  readonly event?: string
  readonly id?: string
  /** May hold line breaks. */
  readonly data: string
}

export interface EventStream {
  /** False when the stream is closed, or was closed because the viewer is too slow. */
  send(event: ServerSentEvent): boolean
  comment(text: string): boolean
  /** Ends it after what was sent. */
  close(): void
  /** Ends it at once: what a slow viewer has not read yet does not reach it any more. */
  abort(): void
  /** Resolves once, when the client went or the stream was closed. */
  readonly closed: Promise<void>
  readonly bufferedBytes: number
}

/**
 * Answers a request with a stream of server-sent events (WHATWG HTML, section 9.2).
 *
 * The headers leave at once. From here on the response is the stream's: Koa does not touch it again, and
 * the handler may return or wait for `closed` as it likes.
 */
export function openEventStream(
  ctx: Context,
  { heartbeatMs = 15_000, maxBufferedBytes = 1_048_576 }: EventStreamOptions = {},
): EventStream {
  const { res } = ctx
  ctx.status = 200
  ctx.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    // nginx would otherwise collect events until its buffer is full.
    'X-Accel-Buffering': 'no',
  })
  ctx.respond = false
  ctx.req.socket.setNoDelay(true)
  res.flushHeaders()

  const heartbeat = setInterval(() => write(':\n\n'), heartbeatMs)
  const closed = new Promise<void>((resolve) => {
    res.once('close', () => {
      clearInterval(heartbeat)
      resolve()
    })
  })
  if (ctx.method === 'HEAD') res.end()

  function write(chunk: string): boolean {
    if (res.writableEnded || res.destroyed) return false
    if (res.writableLength + chunk.length > maxBufferedBytes) {
      // Not end(): that would wait until the slow viewer has read it all.
      res.destroy()
      return false
    }
    res.write(chunk)
    return true
  }

  return {
    send: (event) => write(encode(event)),
    comment: (text) => write(`${prefixLines(': ', text)}\n`),
    close: () => {
      clearInterval(heartbeat)
      res.end()
    },
    abort: () => {
      clearInterval(heartbeat)
      if (res.writableLength > 0) res.destroy()
      else res.end()
    },
    closed,
    get bufferedBytes() {
      return res.writableLength
    },
  }
}

function encode({ event, id, data }: ServerSentEvent): string {
  return (
    (event === undefined ? '' : `event: ${oneLine(event)}\n`) +
    (id === undefined ? '' : `id: ${oneLine(id)}\n`) +
    `${prefixLines('data: ', data)}\n`
  )
}

/** A line break is CR, LF or CRLF: one that stayed in would let data write fields of its own. */
function prefixLines(prefix: string, text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `${prefix}${line}\n`)
    .join('')
}

function oneLine(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new TypeError('the name and id of a server-sent event are one line each')
  return text
}
