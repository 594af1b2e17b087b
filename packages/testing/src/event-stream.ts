import { EventEmitter, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { eventually } from './eventually.js'
import { headersOf } from './page.js'

/** One event as a browser's EventSource would hand it to a page. */
export interface ServerSentEvent {
  /** The last id that the stream named, as EventSource counts it; empty when it named none. */
  readonly id: string
  readonly event: string
  readonly data: string
}

/** An open event stream. Iterating it yields all that came and comes, until the server ends it. */
export interface EventStream extends AsyncDisposable, AsyncIterable<ServerSentEvent> {
  readonly status: number
  readonly headers: Headers
  /** Everything that came so far. */
  readonly events: readonly ServerSentEvent[]
  /** Whether the server has ended it. */
  readonly ended: boolean
  /** Waits for an event that `matches`, also one that came already. Throws when none came within 5 s. */
  find(matches: (event: ServerSentEvent) => boolean): Promise<ServerSentEvent>
  /** Closes it from the browser's side. */
  close(): void
}

export function readEventStream(answer: IncomingMessage): EventStream {
  const events: ServerSentEvent[] = []
  const news = new EventEmitter()
  let ended = false
  let closed = false

  const reading = (async () => {
    try {
      for await (const event of eventsOf(answer)) {
        events.push(event)
        news.emit('arrival')
      }
    } catch (error) {
      // A connection that broke ends the stream too, and one that we closed ourselves is no news.
      if (!closed && !isReset(error)) throw error
    } finally {
      ended = true
      news.emit('arrival')
    }
  })()

  function close(): void {
    closed = true
    answer.destroy()
  }

  return {
    status: answer.statusCode ?? 0,
    headers: headersOf(answer),
    events,
    get ended() {
      return ended
    },
    find: (matches) => eventually(() => events.find(matches)),
    close,
    async *[Symbol.asyncIterator]() {
      for (let next = 0; ; next++) {
        while (next >= events.length && !ended) await once(news, 'arrival')
        const event = events[next]
        if (event === undefined) return
        yield event
      }
    },
    async [Symbol.asyncDispose]() {
      close()
      await reading
    },
  }
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6 */
async function* eventsOf(answer: IncomingMessage): AsyncGenerator<ServerSentEvent> {
  let id = ''
  let event = 'message'
  let data: string[] = []
  for await (const line of linesOf(answer)) {
    if (line === '') {
      if (data.length > 0) yield { id, event, data: data.join('\n') }
      event = 'message'
      data = []
      continue
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
    if (field === 'id') id = value
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
}

/** Not by readline, which goes on waiting for a connection that was destroyed. */
async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split(/\r?\n/)
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
