import type { CurfewEvent } from '@curfew/contract'
import { type StreamMessage, sharedStream } from '@curfew/service/browser/shared-stream'
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import { compareCursors } from '../../src/cursor-order.js'
import { type EventFilter, matches } from '../../src/event-filter.js'
import { isFiltered, keyOf } from './log-filter.js'
import { askForPage } from './log-pages.js'
import { createNewerReader } from './newer-reader.js'

/** An event on the page. */
export interface Line {
  readonly event: CurfewEvent
  /** Where to go on from for what is older, where that is known. */
  readonly cursor?: string
  /** It came while the page was open. */
  readonly isNew?: boolean
}

/** The live log, without a page around it: what is shown, what waits, and why. */
export interface LogModel {
  /** Newest first, none twice. */
  readonly lines: ReadonlySignal<readonly Line[]>
  /** How many came that are not shown, since somebody reads or has paused. */
  readonly waiting: ReadonlySignal<number>
  readonly connection: ReadonlySignal<'open' | 'lost' | 'over'>
  readonly isLoading: ReadonlySignal<boolean>
  readonly isPaused: ReadonlySignal<boolean>
  /** There is something older than the last line. */
  readonly hasOlder: ReadonlySignal<boolean>
  /** There may be something newer than the first line, since somebody jumped to a time. */
  readonly hasNewer: ReadonlySignal<boolean>
  /** So many lines are there that no more are loaded: one goes on from the last of them, or from the first. */
  readonly isFull: ReadonlySignal<boolean>
  /** A sentence, when what is shown may not be all that is new. */
  readonly trouble: ReadonlySignal<string | null>
  /** A sentence, when what is older could not be loaded. */
  readonly olderTrouble: ReadonlySignal<string | null>
  readonly isLoadingOlder: ReadonlySignal<boolean>
  /** Shows what fits, as it is now or was at a time. */
  show(filter: EventFilter, at: number | null): Promise<void>
  pause(isPaused: boolean): void
  /** While somebody reads, nothing moves under their eyes. */
  hold(isReading: boolean): void
  showWaiting(): void
  /** After `trouble`. */
  tryAgain(): Promise<void>
  loadOlder(): Promise<void>
  loadNewer(): Promise<void>
  /** Tells of everything that happens, whether it is shown or not. Returns what ends that. */
  onEvent(listener: (event: CurfewEvent) => void): () => void
}

/** So much is asked for at once. */
const PAGE = 200
/** What comes within this is shown together. */
const TOGETHER_MS = 80
/** A rare word is looked for so many times before somebody has to ask for more. */
const MOST_PAGES = 5
/** More than these at once don't light up. */
const MOST_LIT = 4
/** More is not kept for somebody who paused: it is loaded when they come back. */
const MOST_WAITING = 2_000
/** Nobody has more by scrolling. What flows in for days is brought back to half of this. */
const MOST_LINES = 20_000

/**
 * Follows the log. All tabs of a browser share one stream, so it carries everything, and each tab filters by the same
 * rule as the service does for what came before.
 */
export function createLogModel(): LogModel {
  const lines = signal<readonly Line[]>([])
  const waitingCount = signal(0)
  const connection = signal<'open' | 'lost' | 'over'>('lost')
  const isLoading = signal(true)
  const isPaused = signal(false)
  const hasOlder = signal(false)
  const hasNewer = signal(false)
  const isFull = computed(() => lines.value.length >= MOST_LINES)
  const trouble = signal<string | null>(null)
  const olderTrouble = signal<string | null>(null)
  const isLoadingOlder = signal(false)
  const listeners = new Set<(event: CurfewEvent) => void>()

  let filter: EventFilter = {}
  let at: number | null = null
  let next: string | null = null
  let known = new Set<string>()
  let waiting: Line[] = []
  /** How far in the log this page has come, by loading or by listening. */
  let position: string | null = null
  let isReading = false
  let isShowing = false
  /** So much happened unheard that the page does not reach to what waits any more. */
  let isBehind = false
  /** How many more wait than are kept. */
  let leftOut = 0
  /** Counts the questions, so that a late answer to an earlier one is not shown. */
  let loads = 0
  let catchUps = 0
  /** Of which question more is being loaded. */
  let moreOf: number | null = null
  let newer = createNewerReader({}, 0)
  let isFollowing = false

  const isHolding = () => isPaused.value || isReading || isLoading.value
  const isListening = () => !hasNewer.value || newer.isJoining

  function listen(): void {
    if (isFollowing) return
    isFollowing = true
    sharedStream('/events/stream', onMessage, {
      onState(now) {
        connection.value = now
        // Whatever happened before we were listening. What comes from now on is heard.
        if (now === 'open') void catchUp()
      },
      onEnd() {
        connection.value = 'over'
      },
    })
  }

  function onMessage({ event: name, data, id }: StreamMessage): void {
    if (name === 'gap') return void load()
    if (name !== 'log') return
    const event: CurfewEvent = JSON.parse(data)
    // A tab that joins is told the newest message again, and a page may be ahead of the stream.
    if (position !== null && compareCursors(id, position) <= 0) return
    position = id
    for (const listener of listeners) listener(event)
    if (!isListening() || !matches(filter, event)) return
    if (waiting.length < MOST_WAITING) waiting.push({ event, cursor: id, isNew: true })
    else leftOut++
    // Many may come in a row: the page is laid out once for all of them.
    if (isShowing) return
    isShowing = true
    setTimeout(() => {
      isShowing = false
      if (isHolding() || hasNewer.value) count()
      else showWaiting()
    }, TOGETHER_MS)
  }

  function count(): void {
    waitingCount.value = hasNewer.value ? 0 : Math.max(waiting.length + leftOut, isBehind ? 1 : 0)
  }

  function showWaiting(): void {
    if (hasNewer.value) return
    if (isBehind || leftOut > 0) return void load()
    batch(() => {
      const some = waiting.splice(0).toReversed()
      // A few light up; a flood would be a flicker.
      prepend(some.length > MOST_LIT ? some.map((line) => ({ ...line, isNew: false })) : some)
      trim()
      count()
    })
  }

  /** Each event once: a page and the stream may both have it. */
  function unseen(some: readonly Line[]): Line[] {
    return some.filter(({ event: { id } }) => !known.has(id) && known.add(id))
  }

  function prepend(some: readonly Line[]): void {
    const fresh = unseen(some)
    if (fresh.length > 0) lines.value = [...fresh, ...lines.value]
  }

  /**
   * Only below a line whose place is known, or what is below could not be loaded again. And not while more is being loaded,
   * which joins the line that is the last now.
   */
  function trim(): void {
    if (lines.value.length <= MOST_LINES || moreOf === loads) return
    const last = lines.value.findIndex(({ cursor }, index) => cursor !== undefined && index >= MOST_LINES / 2)
    if (last === -1) return
    next = lines.value[last]?.cursor ?? null
    hasOlder.value = true
    lines.value = lines.value.slice(0, last + 1)
    known = new Set(lines.value.map(({ event }) => event.id))
  }

  async function show(wanted: EventFilter, when: number | null): Promise<void> {
    const isOther = keyOf(wanted) !== keyOf(filter) || when !== at
    filter = wanted
    at = when
    const loading = load()
    if (isOther) clear()
    await loading
    listen()
  }

  /** What fits one question must not be shown under another, however long the answer takes, or if none comes. */
  function clear(): void {
    batch(() => {
      known = new Set()
      lines.value = []
      trouble.value = null
      goOnFrom(null)
      count()
    })
  }

  function tryAgain(): Promise<void> {
    if (isBehind || lines.value.length === 0) return load()
    return hasNewer.value ? loadNewer() : catchUp()
  }

  /** Shows the newest page that fits, in place of all that is shown. */
  async function load(): Promise<void> {
    const mine = ++loads
    isBehind = false
    leftOut = 0
    // The page that is asked for has them.
    waiting = []
    isLoading.value = true
    isLoadingOlder.value = false
    olderTrouble.value = null
    // What is heard from now on is kept, unless it is past that is asked for.
    hasNewer.value = at !== null
    newer = createNewerReader(filter, (at ?? 0) + 1)
    const until = at === null ? filter : { ...filter, to: Math.min(filter.to ?? at + 1, at + 1) }
    const answer = await askForPage(until, { limit: PAGE })
    if (mine !== loads) return
    if (!answer.ok) {
      batch(() => {
        isLoading.value = false
        isBehind = true
        trouble.value = answer.detail
      })
      return
    }
    const { events, position: end } = answer.body
    batch(() => {
      isLoading.value = false
      trouble.value = null
      known = new Set()
      lines.value = linesOf(answer.body.events, answer.body.next)
      goOnFrom(answer.body.next)
      waiting = at === null ? waiting.filter((one) => isAfter(one, end)) : []
      comeTo(end)
      if (isPaused.value) count()
      else showWaiting()
    })
    if (at !== null) await loadNewer()
    if (events.length === 0 && next !== null) await loadOlder()
  }

  /** Adds what is missing on top, and leaves the rest as it is, if what is shown reaches that far. */
  async function catchUp(): Promise<void> {
    if (hasNewer.value) return
    if (isLoading.value || lines.value.length === 0) return load()
    const [mine, turn] = [loads, ++catchUps]
    const answer = await askForPage(filter, { limit: PAGE })
    if (mine !== loads || turn !== catchUps) return
    if (!answer.ok) {
      trouble.value = answer.detail
      return
    }
    const { events, position: end } = answer.body
    const isKnown = ({ id }: CurfewEvent) => known.has(id) || waiting.some(({ event }) => event.id === id)
    if (events.length > 0 && !events.some(isKnown)) {
      if (!isHolding()) return load()
      isBehind = true
      return count()
    }

    const ids = new Set(events.map(({ id }) => id))
    waiting = [
      ...waiting.filter((one) => !isAfter(one, end) && !ids.has(one.event.id)),
      ...events.toReversed().map((event) => ({ event, isNew: true })),
      ...waiting.filter((one) => isAfter(one, end)),
    ].filter(({ event }) => !known.has(event.id))
    comeTo(end)
    trouble.value = null
    if (isHolding()) count()
    else showWaiting()
  }

  async function loadOlder(): Promise<void> {
    if (moreOf === loads || isLoading.value || next === null || isFull.value) return
    const mine = loads
    moreOf = mine
    isLoadingOlder.value = true
    for (let pages = 0, found = 0; next !== null && found === 0 && pages < MOST_PAGES; pages++) {
      const answer = await askForPage(filter, { before: next, limit: PAGE })
      if (mine !== loads) return
      if (!answer.ok) {
        olderTrouble.value = answer.detail
        break
      }
      const { body } = answer
      batch(() => {
        olderTrouble.value = null
        const fresh = linesOf(body.events, body.next)
        found = fresh.length
        if (found > 0) lines.value = [...lines.value, ...fresh]
        goOnFrom(body.next)
      })
    }
    moreOf = null
    isLoadingOlder.value = false
  }

  /** After a jump: what comes next in time, until now is reached and the log is live again. */
  async function loadNewer(): Promise<void> {
    if (!hasNewer.value || moreOf === loads || isLoading.value || isFull.value) return
    const mine = loads
    moreOf = mine
    const answer = await newer.read()
    if (mine !== loads) return
    moreOf = null
    batch(() => {
      trouble.value = answer.ok ? null : answer.detail
      if (!answer.ok) return
      prepend(answer.body.events.map((event) => ({ event })))
      if (!answer.body.isNow) return
      hasNewer.value = false
      const { position: end } = answer.body
      waiting = waiting.filter((one) => isAfter(one, end))
      comeTo(end)
      if (isHolding()) count()
      else showWaiting()
    })
    // The stream may have come back in between.
    if (answer.ok && answer.body.isNow) await catchUp()
  }

  function linesOf(events: readonly CurfewEvent[], cursor: string | null): Line[] {
    const some = events.map((event): Line => ({ event }))
    const last = events.at(-1)
    if (cursor !== null && last !== undefined) some[some.length - 1] = { event: last, cursor }
    return unseen(some)
  }

  function goOnFrom(cursor: string | null): void {
    next = cursor
    hasOlder.value = cursor !== null
  }

  function comeTo(end: string): void {
    if (position === null || compareCursors(end, position) > 0) position = end
  }

  return {
    lines,
    waiting: waitingCount,
    connection,
    isLoading,
    isPaused,
    hasOlder,
    hasNewer,
    isFull,
    trouble,
    olderTrouble,
    isLoadingOlder,
    show,
    pause(paused) {
      isPaused.value = paused
      if (!paused && !isReading) showWaiting()
    },
    hold(reading) {
      if (isReading === reading) return
      isReading = reading
      if (!isHolding()) showWaiting()
    },
    showWaiting,
    tryAgain,
    loadOlder,
    loadNewer,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function isAfter({ cursor }: Line, end: string): boolean {
  return cursor !== undefined && compareCursors(cursor, end) > 0
}

/** What to say where nothing is. */
export function nothingOf(filter: EventFilter): string {
  return isFiltered(filter) ? 'Nothing here fits.' : 'Nothing has happened yet.'
}
