import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { compareCursors } from '../../src/cursor-order.js'
import type { EventFilter } from '../../src/event-filter.js'
import { createRest } from '../rest.js'
import { keyOf } from './log-filter.js'
import { askForPage, type LogPage } from './log-pages.js'
import { createNewerReader } from './newer-reader.js'
import type { ShownLines } from './shown-lines.js'
import type { WaitingLines } from './waiting-lines.js'

export interface LogPagingOptions {
  readonly shown: ShownLines
  readonly waiting: WaitingLines
  /** Everything up to there has been loaded. */
  readonly comeTo: (position: string) => void
  /** Something may be waiting that can be shown. `isNewPage`: all that is shown is new, so nobody reads it. */
  readonly settle: (isNewPage: boolean) => void
  /** Nothing may move. */
  readonly isHeld: () => boolean
}

/** Loads what is shown of the log, page by page. */
export interface LogPaging {
  readonly filter: EventFilter
  readonly isLoading: ReadonlySignal<boolean>
  readonly isLoadingOlder: ReadonlySignal<boolean>
  /** There may be something newer than the first line, since somebody jumped to a time. */
  readonly hasNewer: ReadonlySignal<boolean>
  /** A sentence, when what is shown may not be all that is new. */
  readonly trouble: ReadonlySignal<string | null>
  /** The trouble is what was asked for: to try again is of no use. */
  readonly isBadInput: ReadonlySignal<boolean>
  /** A sentence, when what is older could not be loaded. */
  readonly olderTrouble: ReadonlySignal<string | null>
  /** What happens now belongs above what is shown, or will when an answer has come. */
  readonly isListening: boolean
  /** So much happened unheard that what is shown does not reach to what waits any more. */
  readonly isBehind: boolean
  /** Something may be missing between what is shown and what waits. `tryAgain` asks for it. */
  readonly isUnsure: boolean
  /** Asking failed a moment ago. */
  readonly isResting: boolean
  /** Above or below. */
  readonly isLoadingMore: boolean
  /** Shows what fits, as it is now or was at a time. */
  show(filter: EventFilter, at: number | null): Promise<void>
  /** The newest page that fits, in place of all that is shown. */
  load(): Promise<void>
  /**
   * Adds what is missing on top, and leaves the rest as it is, if what is shown reaches that far.
   *
   * @param reached up to where in the log nothing is missing; null when nobody knows
   */
  catchUp(reached: string | null): Promise<void>
  loadOlder(): Promise<void>
  loadNewer(): Promise<void>
  /** Asks for what may be missing, now. */
  tryAgain(): Promise<void>
}

/** So much is asked for at once. */
const PAGE = 200
/** A rare word is looked for so many times before somebody has to ask for more. */
const MOST_PAGES = 5

export function createLogPaging({ shown, waiting, comeTo, settle, isHeld }: LogPagingOptions): LogPaging {
  const isLoading = signal(true)
  const isLoadingOlder = signal(false)
  const hasNewer = signal(false)
  const trouble = signal<string | null>(null)
  const isBadInput = signal(false)
  const olderTrouble = signal<string | null>(null)

  let filter: EventFilter = {}
  let at: number | null = null
  let newer = createNewerReader({}, 0)
  let isBehind = false
  /** Where the log ended when all that is shown was loaded anew: after a jump one has read on from there by time. */
  let endAtLoad: string | null = null
  /** Up to there nothing is missing: what has been heard since then tells nothing of what came in between. */
  let wholeUntil: string | null = null
  let isCatchingUp = false
  const rest = createRest(() => {
    if (isBadInput.value) return
    // Whoever reads decides when the lines under their eyes are replaced.
    const isLeftToReader = isBehind && isHeld() && shown.lines.value.length > 0
    const isHalted = hasNewer.value && trouble.value !== null
    if ((isUnsure() || isHalted) && !isLeftToReader) void tryAgain()
    else settle(false)
  })
  /** Counts the questions, so that a late answer to an earlier one is not shown. */
  let loads = 0
  let catchUps = 0
  /** Of which question more is being loaded. */
  let olderOf: number | null = null
  let newerOf: number | null = null

  async function show(wanted: EventFilter, when: number | null): Promise<void> {
    const isOther = keyOf(wanted) !== keyOf(filter) || when !== at
    // Who has read on from a time until now is there already.
    if (!isOther && loads > 0) return
    filter = wanted
    at = when
    const loading = load()
    // What fits one question must not be shown under another, however long the answer takes, or if none comes.
    if (isOther) {
      batch(() => {
        shown.clear()
        trouble.value = null
        settle(false)
      })
    }
    await loading
  }

  async function load(): Promise<void> {
    const mine = ++loads
    isBehind = false
    wholeUntil = null
    isCatchingUp = false
    // The page that is asked for has them. What is heard from now on is kept, unless it is past that is asked for.
    waiting.clear()
    isLoading.value = true
    isBadInput.value = false
    isLoadingOlder.value = false
    olderTrouble.value = null
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
        isBadInput.value = answer.isBadInput
      })
      return rest.begin()
    }
    rest.end()
    const { body } = answer
    batch(() => {
      isLoading.value = false
      trouble.value = null
      shown.replace(body)
      endAtLoad = body.position
      if (at === null) waiting.dropUntil(body.position)
      else waiting.clear()
      comeTo(body.position)
      settle(true)
    })
    if (at !== null) await loadNewer()
    if (body.events.length === 0 && shown.next !== null) await loadOlder()
  }

  async function catchUp(reached: string | null): Promise<void> {
    if (hasNewer.value) return
    if (isLoading.value || shown.lines.value.length === 0) return load()
    wholeUntil ??= reached
    isCatchingUp = true
    const [mine, turn] = [loads, ++catchUps]
    const answer = await askForPage(filter, { limit: PAGE })
    if (mine !== loads || turn !== catchUps) return
    isCatchingUp = false
    if (!answer.ok) {
      trouble.value = answer.detail
      return rest.begin()
    }
    rest.end()
    if (wholeUntil === null || !reachesTo(wholeUntil, answer.body)) {
      if (!isHeld()) return load()
      isBehind = true
      return settle(false)
    }
    const { events, position } = answer.body
    wholeUntil = null
    waiting.join(events, position, shown.has)
    comeTo(position)
    trouble.value = null
    settle(false)
  }

  async function loadOlder(): Promise<void> {
    if (olderOf === loads || isLoading.value || shown.next === null || shown.isFull.value) return
    const mine = loads
    olderOf = mine
    isLoadingOlder.value = true
    for (let pages = 0, found = 0; shown.next !== null && found === 0 && pages < MOST_PAGES; pages++) {
      const answer = await askForPage(filter, { before: shown.next, limit: PAGE })
      if (mine !== loads) return
      if (!answer.ok) {
        olderTrouble.value = answer.detail
        break
      }
      batch(() => {
        olderTrouble.value = null
        found = shown.append(answer.body)
      })
    }
    olderOf = null
    isLoadingOlder.value = false
  }

  /** After a jump: what comes next in time, until now is reached and the log is live again. */
  async function loadNewer(): Promise<void> {
    if (!hasNewer.value || newerOf === loads || isLoading.value || shown.isFull.value) return
    const mine = loads
    newerOf = mine
    const answer = await newer.read()
    if (mine !== loads) return
    newerOf = null
    if (!answer.ok) {
      trouble.value = answer.detail
      return rest.begin()
    }
    rest.end()
    const { events, isNow, position } = answer.body
    batch(() => {
      trouble.value = null
      shown.prepend(events.map((event) => ({ event })))
      if (!isNow) return
      // From here on it is now that is looked at, whatever is loaded anew.
      at = null
      hasNewer.value = false
      waiting.dropUntil(position)
      comeTo(position)
    })
    // What was kept since may be of a time that had been read by then, and this clock may be wrong.
    if (isNow) await catchUp(endAtLoad)
  }

  const isUnsure = () => isBehind || wholeUntil !== null

  async function tryAgain(): Promise<void> {
    if (isBehind || shown.lines.value.length === 0) return load()
    if (hasNewer.value) return loadNewer()
    if (!isCatchingUp) return catchUp(wholeUntil)
  }

  return {
    get filter() {
      return filter
    },
    isLoading,
    isLoadingOlder,
    hasNewer,
    trouble,
    isBadInput,
    olderTrouble,
    get isListening() {
      return !hasNewer.value || newer.isJoining
    },
    get isBehind() {
      return isBehind
    },
    get isUnsure() {
      return isUnsure()
    },
    get isResting() {
      return rest.isOn
    },
    get isLoadingMore() {
      return olderOf === loads || newerOf === loads
    },
    show,
    load,
    catchUp,
    loadOlder,
    loadNewer,
    tryAgain,
  }
}

/** Between what is on a page and a place in the log there is nothing else that fits. */
const reachesTo = (place: string, { next }: LogPage) => next === null || compareCursors(next, place) <= 0
