import { followStream, type StreamMessage } from './follow-stream.js'

export type { StreamMessage } from './follow-stream.js'

export interface SharedStreamOptions {
  /** Whether the stream is connected, as often as that changes. A tab that joins is told where things stand. */
  readonly onState?: (state: StreamState) => void
  /** The server refused with a status that trying again does not change. Nothing more will come. */
  readonly onEnd?: (status: number) => void
}

export type StreamState = 'open' | 'lost'

export interface SharedStream {
  close(): void
}

/**
 * Follows an event stream with one connection per browser, however many tabs are open: browsers allow six
 * per host over HTTP/1.1, and the seventh tab would not even load.
 *
 * The tabs elect a leader by a Web Lock named after the url. The leader holds the connection and passes
 * everything on through a BroadcastChannel. When it closes, the browser hands the lock to the next tab,
 * which goes on after the last id that it heard. A tab that joins asks the leader for the newest message
 * of each event, so a handler may see one twice.
 */
export function sharedStream(
  url: string,
  onMessage: (message: StreamMessage) => void,
  { onState, onEnd }: SharedStreamOptions = {},
): SharedStream {
  let leaving: AbortController | undefined
  let lastEventId: string | undefined

  function join(): void {
    leaving = new AbortController()
    takePart(url, leaving.signal, lastEventId, (news) => {
      if (news.kind === 'message') {
        lastEventId = news.message.id
        onMessage(news.message)
      } else if (news.kind === 'state') {
        onState?.(news.state)
      } else {
        close()
        onEnd?.(news.status)
      }
    })
  }

  const leave = () => leaving?.abort()
  // A page that is kept for the back button must not hold the lock: it hears and tells nothing meanwhile.
  const rejoin = (shown: PageTransitionEvent) => shown.persisted && join()

  function close(): void {
    leave()
    window.removeEventListener('pagehide', leave)
    window.removeEventListener('pageshow', rejoin)
  }

  window.addEventListener('pagehide', leave)
  window.addEventListener('pageshow', rejoin)
  join()
  return { close }
}

const HAND_OVER_MS = 250

type News =
  | { readonly kind: 'message'; readonly message: StreamMessage }
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'end'; readonly status: number }

/** What goes over the channel: news for everybody or for the one tab that asked, and its question. */
type Telegram = { readonly news: News; readonly to?: string } | { readonly askedBy: string }

function takePart(
  url: string,
  signal: AbortSignal,
  lastEventId: string | undefined,
  onNews: (news: News) => void,
): void {
  const name = `curfew ${url}`
  const tab = crypto.randomUUID()
  const channel = new BroadcastChannel(name)
  const send = (telegram: Telegram) => channel.postMessage(telegram)
  const newest = new Map<string, News>()
  let isLeader = false

  channel.addEventListener('message', ({ data: telegram }: MessageEvent<Telegram>) => {
    if ('askedBy' in telegram) {
      if (isLeader) for (const news of newest.values()) send({ news, to: telegram.askedBy })
      return
    }
    if (telegram.to !== undefined && telegram.to !== tab) return
    if (telegram.news.kind === 'message') lastEventId = telegram.news.message.id
    onNews(telegram.news)
  })
  signal.addEventListener('abort', () => channel.close())
  send({ askedBy: tab })

  const tell = (about: string, news: News) => {
    // A handler may have left in the middle of a piece that holds more messages.
    if (signal.aborted) return
    newest.set(about, news)
    send({ news })
    onNews(news)
  }
  navigator.locks
    .request(name, { signal }, async () => {
      isLeader = true
      const status = await followStream(url, {
        signal,
        lastEventId,
        onMessage: (message) => tell(`message ${message.event}`, { kind: 'message', message }),
        onOpen: () => tell('state', { kind: 'state', state: 'open' }),
        onLost: () => tell('state', { kind: 'state', state: 'lost' }),
      })
      if (status === null) return
      tell('end', { kind: 'end', status })
      // The others hear of it before the lock would make one of them ask for itself.
      await new Promise((resolve) => setTimeout(resolve, HAND_OVER_MS))
    })
    .catch((error: unknown) => {
      // Left before it was our turn.
      if (!signal.aborted) throw error
    })
}
