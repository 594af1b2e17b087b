/** One server-sent event, as it came. */
export interface StreamMessage {
  readonly event: string
  readonly data: string
  readonly id: string
}

export interface FollowOptions {
  /** Ends it for good. */
  readonly signal: AbortSignal
  /** Where to go on, when another tab followed the stream before. */
  readonly lastEventId?: string | undefined
  readonly onMessage: (message: StreamMessage) => void
  readonly onOpen: () => void
  /** The connection was lost, or the server has no time for us. It is tried again. */
  readonly onLost: () => void
}

/**
 * Follows an event stream and does not give up while there is hope.
 *
 * By fetch, because EventSource has no way to say *why* it was refused, gives up for good on a 503, and
 * can't go on from an id that another tab has seen.
 *
 * @returns the status that makes trying again pointless (401, 403, 404…), or null after the signal
 */
export async function followStream(url: string, options: FollowOptions): Promise<number | null> {
  const { signal, onOpen, onLost } = options
  let lastEventId = options.lastEventId ?? ''
  const onMessage = (message: StreamMessage) => {
    lastEventId = message.id
    options.onMessage(message)
  }

  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const answer = await fetch(url, {
        headers: { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': lastEventId }) },
        cache: 'no-store',
        signal,
      })
      if (isEventStream(answer)) {
        failures = 0
        onOpen()
        await readEvents(answer.body, lastEventId, onMessage)
      } else if (answer.status >= 400 && answer.status < 500 && !PASSING.has(answer.status)) {
        return answer.status
      }
    } catch (error) {
      // A network that is gone shows as a TypeError; what else is thrown is a mistake of ours.
      if (!signal.aborted && !isNetworkError(error)) throw error
    }
    if (signal.aborted) break
    onLost()
    await pauseBefore(failures, signal)
  }
  return null
}

const PASSING = new Set([408, 425, 429])
const LONGEST_PAUSE_MS = 5_000
/** Three heartbeats of the server, which sends one each 15 s. A connection can die without a word. */
const SILENCE_MS = 45_000

function isEventStream(
  answer: Response,
): answer is Response & { body: ReadableStream<Uint8Array<ArrayBuffer>> } {
  return (
    answer.ok &&
    answer.body !== null &&
    /^text\/event-stream\b/.test(answer.headers.get('content-type') ?? '')
  )
}

async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  lastEventId: string,
  onMessage: (message: StreamMessage) => void,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let silence = setTimeout(() => reader.cancel(), SILENCE_MS)
  const parse = createParser(lastEventId, onMessage)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(silence)
      silence = setTimeout(() => reader.cancel(), SILENCE_MS)
      parse(value)
    }
  } finally {
    clearTimeout(silence)
  }
}

/** WHATWG HTML, section 9.2.6. */
function createParser(lastEventId: string, onMessage: (message: StreamMessage) => void) {
  let rest = ''
  let id = lastEventId
  let event = ''
  let data: string[] = []

  function takeLine(line: string): void {
    if (line === '') {
      if (data.length > 0) onMessage({ event: event || 'message', data: data.join('\n'), id })
      event = ''
      data = []
      return
    }
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
  }

  return (text: string) => {
    // A CR at the very end may be the first half of a CRLF: it waits for the next piece.
    const lines = (rest + text).split(/\r\n|\n|\r(?=[^\n])/)
    rest = lines.pop() ?? ''
    lines.forEach(takeLine)
  }
}

const isNetworkError = (error: unknown) =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError')

/** Longer each time, and at random, so that a thousand browsers don't come back in the same moment. */
function pauseBefore(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(250 * 2 ** failures, LONGEST_PAUSE_MS)
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer)
      window.removeEventListener('online', settle)
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const timer = setTimeout(settle, longest * (0.5 + Math.random() / 2))
    window.addEventListener('online', settle)
    signal.addEventListener('abort', settle)
  })
}
