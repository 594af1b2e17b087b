import { BEFORE_THE_FIRST, compareIds, type LogEntry, parseEntry, type StreamEntry } from './log-entries.js'
import { createLogListener } from './log-listener.js'
import type { LogReader } from './log-reader.js'

/** The log as it grows, for any number of viewers over one connection. */
export interface LiveLog {
  /**
   * Hands a viewer every entry after `from`, once each and in order: first those that are there already,
   * then those that come.
   */
  watch(from: string, viewer: Viewer): Watch
  /** Ends every watch and hangs up. */
  close(): void
  readonly viewers: number
}

export interface Viewer {
  /** Must not wait. False: this viewer is gone, or can't keep up; its watch is over. */
  readonly deliver: (entry: LogEntry) => boolean
  /** What to wait for until there is room for more. Asked only while old entries are replayed. */
  readonly room: () => Promise<unknown> | undefined
  /** Everything up to `position` was delivered; from now on entries come as they are written. */
  readonly onLive: (position: string) => void
  /** The watch ended from this side: Redis failed while replaying, or lost a part of the log. Watch again. */
  readonly onEnd: () => void
}

export interface Watch {
  stop(): void
}

export interface LiveLogOptions {
  readonly redisUrl: string
  /** The key of the stream. */
  readonly key: string
  /** On a connection that does not block. */
  readonly reader: LogReader
  /** An entry that holds no event this version knows: it is passed over. */
  readonly onUnreadable: (id: string) => void
  readonly onError: (error: unknown) => void
}

const REPLAY_CHUNK = 200

export function createLiveLog(options: LiveLogOptions): LiveLog {
  const { redisUrl, key, reader, onUnreadable, onError } = options
  const watching = new Set<Watching>()
  let onListening: () => void = () => undefined
  const listening = new Promise<void>((resolve) => {
    onListening = resolve
  })
  const listener = createLogListener({
    redisUrl,
    key,
    onListening,
    onError,
    onShortened: endAll,
    onEntries(heard) {
      // Read once, however many watch.
      const entries = heard.map(placed)
      for (const { id, entry } of entries) if (entry === null) onUnreadable(id)
      for (const one of [...watching]) if (one.isLive) deliver(one, entries)
    },
  })
  listener.open()

  /**
   * Replays until the viewer stands where the listener stands, then joins it, in one step.
   *
   * A chunk that was asked for after the listener was at `heard` holds every entry up to `heard`. If the
   * listener is still there when the chunk has come, nothing lies between; and of what it hears later, what
   * the chunk already held is known by its place.
   */
  async function replay(one: Watching): Promise<void> {
    await listening
    while (!one.isOver) {
      const heard = listener.position ?? BEFORE_THE_FIRST
      const chunk = await reader.after(one.position, REPLAY_CHUNK)
      for (const entry of chunk) {
        if (!deliver(one, [placed(entry)])) return
        const room = one.viewer.room()
        if (room !== undefined) await room
      }
      const isAtTheEnd = chunk.length < REPLAY_CHUNK && listener.position === heard
      if (isAtTheEnd || compareIds(one.position, listener.position ?? BEFORE_THE_FIRST) >= 0) {
        one.isLive = true
        one.viewer.onLive(one.position)
        return
      }
    }
  }

  /** False when the watch is over. One viewer's trouble is never another's. */
  function deliver(one: Watching, entries: readonly Placed[]): boolean {
    try {
      for (const { id, entry } of entries) {
        if (one.isOver) return false
        if (compareIds(id, one.position) <= 0) continue
        one.position = id
        if (entry !== null && !one.viewer.deliver(entry)) stop(one)
      }
    } catch (error) {
      onError(error)
      end(one)
    }
    return !one.isOver
  }

  function stop(one: Watching): void {
    one.isOver = true
    watching.delete(one)
  }

  function end(one: Watching): void {
    if (one.isOver) return
    stop(one)
    one.viewer.onEnd()
  }

  function endAll(): void {
    for (const one of [...watching]) end(one)
  }

  return {
    watch(from, viewer) {
      const one: Watching = { viewer, position: from, isLive: false, isOver: false }
      watching.add(one)
      replay(one).catch((error: unknown) => {
        onError(error)
        end(one)
      })
      return { stop: () => stop(one) }
    },
    close() {
      endAll()
      listener.close()
    },
    get viewers() {
      return watching.size
    },
  }
}

interface Placed {
  readonly id: string
  readonly entry: LogEntry | null
}

const placed = (entry: StreamEntry): Placed => ({ id: entry[0], entry: parseEntry(entry) })

interface Watching {
  readonly viewer: Viewer
  /** Of the last entry that this viewer was handed, or was past anyway. */
  position: string
  isLive: boolean
  isOver: boolean
}
