import type { LogStore, StoredEntry } from './store/log-store.js'

/** The log as it grows, for any number of viewers, who share each read. */
export interface LiveLog {
  /**
   * Hands a viewer every entry after `from`, once each and in order: first those that are there already,
   * then those that come.
   */
  watch(from: number, viewer: Viewer): Watch
  /** Ends every watch. */
  close(): void
  readonly viewers: number
}

export interface Viewer {
  /** Must not wait. False: this viewer is gone; its watch is over. */
  readonly deliver: (entry: StoredEntry) => boolean
  /** Between the last entry, or where the watch began, and the next one retention has removed some. */
  readonly onGap: () => void
  /** What to wait for until there is room for more. Until then nothing is delivered, and nobody else waits. */
  readonly room: () => Promise<unknown> | undefined
  /** Told once: everything up to `position` was delivered; from now on entries come as they are kept. */
  readonly onLive: (position: number) => void
  /** The watch ended from this side: the store failed. Watch again. */
  readonly onEnd: () => void
}

export interface Watch {
  stop(): void
}

export interface LiveLogOptions {
  readonly store: Pick<LogStore, 'after' | 'ends' | 'watch'>
  readonly onError: (error: unknown) => void
}

const CHUNK = 200

export function createLiveLog({ store, onError }: LiveLogOptions): LiveLog {
  const watching = new Set<Watching>()
  /** Up to where the viewers who are live have been told. */
  let position: number | null = null
  let isReading = false
  let isMore = false
  let turn: Promise<unknown> = Promise.resolve()
  const stopHearing = store.watch(() => void tell())

  async function takePlace(): Promise<void> {
    const last = (await store.ends())?.last ?? 0
    if (position !== null) return
    position = last
    // Of what was kept meanwhile nobody was told.
    void tell()
  }

  /** Reads what has come, for all who are live. */
  async function tell(): Promise<void> {
    isMore = true
    if (isReading || position === null) return
    isReading = true
    try {
      while (isMore) {
        isMore = false
        const entries = await store.after(position, CHUNK)
        if (entries.length === CHUNK) isMore = true
        position = entries.at(-1)?.position ?? position
        for (const one of [...watching]) if (one.isLive) deliverLive(one, entries)
      }
    } catch (error) {
      onError(error)
      // They come back, and are told from where they were.
      for (const one of [...watching]) if (one.isLive) end(one)
    } finally {
      isReading = false
    }
  }

  /**
   * Replays until the viewer stands where those who are live stand, then joins them, in one step. What the last
   * chunk already held is known by its place.
   */
  function replay(one: Watching): void {
    catchUp(one).catch((error: unknown) => {
      onError(error)
      end(one)
    })
  }

  async function catchUp(one: Watching): Promise<void> {
    if (position === null) await takePlace()
    await one.viewer.room()
    while (!one.isOver) {
      const chunk = await inTurn(() => store.after(one.position, CHUNK))
      for (const entry of chunk) {
        if (!deliver(one, entry)) return
        await one.viewer.room()
      }
      if (chunk.length === CHUNK || position === null || one.position < position) continue
      if (!one.isOver) join(one)
      return
    }
  }

  /**
   * One read at a time for all who catch up: however many they are, what is appended and what the others are told
   * waits behind one of them and not behind all.
   */
  function inTurn<T>(read: () => Promise<T>): Promise<T> {
    const mine = turn.then(read, read)
    turn = mine
    return mine
  }

  function join(one: Watching): void {
    one.isLive = true
    if (one.wasLive) return
    one.wasLive = true
    one.viewer.onLive(one.position)
  }

  /** Who can't take more at once is told the rest from the store, as it reads. */
  function deliverLive(one: Watching, entries: readonly StoredEntry[]): void {
    for (const entry of entries) {
      if (!deliver(one, entry)) return
      if (one.viewer.room() === undefined) continue
      one.isLive = false
      replay(one)
      return
    }
  }

  /** False when the watch is over. One viewer's trouble is never another's. */
  function deliver(one: Watching, entry: StoredEntry): boolean {
    if (one.isOver) return false
    if (entry.position <= one.position) return true
    // Who begins at the very beginning wants what there is.
    const isGap = one.position !== 0 && entry.position > one.position + 1
    one.position = entry.position
    try {
      if (isGap) one.viewer.onGap()
      if (!one.viewer.deliver(entry)) stop(one)
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

  return {
    watch(from, viewer) {
      const one: Watching = { viewer, position: from, isLive: false, wasLive: false, isOver: false }
      watching.add(one)
      replay(one)
      return { stop: () => stop(one) }
    },
    close() {
      stopHearing()
      for (const one of [...watching]) end(one)
    },
    get viewers() {
      return watching.size
    },
  }
}

interface Watching {
  readonly viewer: Viewer
  /** Of the last entry that this viewer was handed, or was past anyway. */
  position: number
  isLive: boolean
  wasLive: boolean
  isOver: boolean
}
