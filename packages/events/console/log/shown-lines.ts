import type { CurfewEvent } from '@curfew/contract'
import { computed, type ReadonlySignal, signal } from '@preact/signals'

/** An event on the page. */
export interface Line {
  readonly event: CurfewEvent
  /** Where to go on from for what is older, where that is known. */
  readonly cursor?: string
  /** It came while the page was open. */
  readonly isNew?: boolean
}

/** The lines of the log that are shown: newest first, none twice. */
export interface ShownLines {
  readonly lines: ReadonlySignal<readonly Line[]>
  /** There is something older than the last line. */
  readonly hasOlder: ReadonlySignal<boolean>
  /** So many lines are there that no more are loaded: one goes on from the last of them, or from the first. */
  readonly isFull: ReadonlySignal<boolean>
  /** Where what is older begins; null when nothing is. */
  readonly next: string | null
  has(id: string): boolean
  clear(): void
  /** A page in place of all lines. */
  replace(page: OlderPage): void
  /** A page below. Returns how many lines that are. */
  append(page: OlderPage): number
  prepend(some: readonly Line[]): void
  /** Cuts off what is more than anybody reads, after much has flowed in. */
  trim(): void
}

interface OlderPage {
  readonly events: readonly CurfewEvent[]
  readonly next: string | null
}

/** Nobody has more by scrolling. What flows in for days is brought back to half of this. */
export const MOST_LINES = 20_000

export function createShownLines(): ShownLines {
  const lines = signal<readonly Line[]>([])
  const hasOlder = signal(false)
  const isFull = computed(() => lines.value.length >= MOST_LINES)
  let known = new Set<string>()
  let next: string | null = null

  function replace(page: OlderPage): void {
    known = new Set()
    lines.value = linesOf(page)
    goOnFrom(page.next)
  }

  function append(page: OlderPage): number {
    const fresh = linesOf(page)
    if (fresh.length > 0) lines.value = [...lines.value, ...fresh]
    goOnFrom(page.next)
    return fresh.length
  }

  function prepend(some: readonly Line[]): void {
    const fresh = unseen(some)
    if (fresh.length > 0) lines.value = [...fresh, ...lines.value]
  }

  /** Only below a line whose place is known, or what is below could not be loaded again. */
  function trim(): void {
    if (lines.value.length <= MOST_LINES) return
    const last = lines.value.findIndex(({ cursor }, index) => cursor !== undefined && index >= MOST_LINES / 2)
    if (last === -1) return
    goOnFrom(lines.value[last]?.cursor ?? null)
    lines.value = lines.value.slice(0, last + 1)
    known = new Set(lines.value.map(({ event }) => event.id))
  }

  function linesOf({ events, next: cursor }: OlderPage): Line[] {
    const some = events.map((event): Line => ({ event }))
    const last = events.at(-1)
    if (cursor !== null && last !== undefined) some[some.length - 1] = { event: last, cursor }
    return unseen(some)
  }

  /** Each event once: a page and the stream may both have it. */
  function unseen(some: readonly Line[]): Line[] {
    return some.filter(({ event: { id } }) => !known.has(id) && known.add(id))
  }

  function goOnFrom(cursor: string | null): void {
    next = cursor
    hasOlder.value = cursor !== null
  }

  return {
    lines,
    hasOlder,
    isFull,
    get next() {
      return next
    },
    has: (id) => known.has(id),
    clear: () => replace({ events: [], next: null }),
    replace,
    append,
    prepend,
    trim,
  }
}
