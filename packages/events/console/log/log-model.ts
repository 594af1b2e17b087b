import type { CurfewEvent } from '@curfew/contract'
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { matches } from '../../src/event-filter.js'
import { createLogPaging, type LogPaging } from './log-paging.js'
import { createLogStream, type LogStream } from './log-stream.js'
import { createShownLines, type ShownLines } from './shown-lines.js'
import { createWaitingLines } from './waiting-lines.js'

/** The live log, without a page around it: what is shown, what waits, and why. */
export interface LogModel
  extends Pick<ShownLines, 'lines' | 'hasOlder' | 'isFull'>,
    Pick<LogPaging, 'isLoading' | 'isLoadingOlder' | 'hasNewer'>,
    Pick<LogPaging, 'trouble' | 'isBadInput' | 'olderTrouble'>,
    Pick<LogPaging, 'show' | 'loadOlder' | 'loadNewer' | 'tryAgain'> {
  /** How many came that are not shown, since somebody reads or has paused. */
  readonly waiting: ReadonlySignal<number>
  readonly connection: LogStream['connection']
  /** How often it began to listen: what happened before that may not have been told. */
  readonly beginnings: ReadonlySignal<number>
  readonly isPaused: ReadonlySignal<boolean>
  pause(isPaused: boolean): void
  /** While somebody reads, nothing moves under their eyes. */
  hold(isReading: boolean): void
  showWaiting(): void
  /** Tells of everything that happens, whether it is shown or not. Returns what ends that. */
  onEvent(listener: (event: CurfewEvent) => void): () => void
}

/** What comes within this is shown together. */
const TOGETHER_MS = 80
/** More than these at once don't light up. */
const MOST_LIT = 4

/** Follows the log. Each tab filters what it hears by the same rule as the service does for what came before. */
export function createLogModel(): LogModel {
  const shown = createShownLines()
  const waiting = createWaitingLines()
  const waitingCount = signal(0)
  const isPaused = signal(false)
  const beginnings = signal(0)
  const listeners = new Set<(event: CurfewEvent) => void>()
  let isReading = false
  let isShowing = false

  const isHeld = () => isPaused.value || isReading
  const stream = createLogStream({
    onEvent: hear,
    onOpen(reached) {
      beginnings.value++
      void paging.catchUp(reached)
    },
    onGap() {
      beginnings.value++
      void paging.load()
    },
  })
  const paging = createLogPaging({ shown, waiting, isHeld, settle, comeTo: stream.comeTo })

  function hear(event: CurfewEvent, cursor: string, isNews: boolean): void {
    for (const listener of listeners) listener(event)
    if (!isNews || !paging.isListening || !matches(paging.filter, event)) return
    waiting.add({ event, cursor, isNew: true })
    // Many may come in a row: the page is laid out once for all of them.
    if (isShowing) return
    isShowing = true
    setTimeout(() => {
      isShowing = false
      settle(false)
    }, TOGETHER_MS)
  }

  function settle(isNewPage: boolean): void {
    const isHolding = isNewPage ? isPaused.value : isHeld() || paging.isLoading.value || paging.isResting
    if (isHolding) count()
    else showWaiting()
  }

  function count(): void {
    waitingCount.value = paging.hasNewer.value ? 0 : Math.max(waiting.count, paging.isBehind ? 1 : 0)
  }

  function showWaiting(): void {
    if (paging.hasNewer.value) return
    // It stands above what is being loaded, and is shown with it.
    if (paging.isLoading.value) return void count()
    if (waiting.isCutOff) return void paging.load()
    if (paging.isUnsure) {
      count()
      return void paging.tryAgain()
    }
    batch(() => {
      const some = waiting.take()
      // A few light up; a flood would be a flicker.
      shown.prepend(some.length > MOST_LIT ? some.map((line) => ({ ...line, isNew: false })) : some)
      // What is being loaded joins the line that is the last now.
      if (!paging.isLoadingMore) shown.trim()
      count()
    })
  }

  const { lines, hasOlder, isFull } = shown
  const { isLoading, isLoadingOlder, hasNewer, trouble, isBadInput, olderTrouble } = paging
  const { loadOlder, loadNewer, tryAgain } = paging
  return {
    lines,
    hasOlder,
    isFull,
    isLoading,
    isLoadingOlder,
    hasNewer,
    trouble,
    isBadInput,
    olderTrouble,
    loadOlder,
    loadNewer,
    tryAgain,
    waiting: waitingCount,
    connection: stream.connection,
    beginnings,
    isPaused,
    async show(filter, at) {
      await paging.show(filter, at)
      stream.follow()
    },
    pause(paused) {
      isPaused.value = paused
      if (!paused && !isReading) showWaiting()
    },
    hold(reading) {
      if (isReading === reading) return
      isReading = reading
      if (!isHeld()) showWaiting()
    },
    showWaiting,
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
