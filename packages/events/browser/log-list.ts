import type { CurfewEvent } from '@curfew/contract'
import { eventRow } from './event-row.js'
import { dayOf } from './moments.js'

/** One that came while the page was open. */
export interface Arrival {
  readonly event: CurfewEvent
  /** Where it stands in the log, for one that the stream has brought. */
  readonly cursor?: string
}

/** The lines of the log on the page, newest on top, none twice. */
export interface LogList {
  has(event: CurfewEvent): boolean
  /** Shows these instead, newest first. */
  replace(events: readonly CurfewEvent[]): void
  /** Shows older ones below, newest first. */
  append(events: readonly CurfewEvent[]): void
  /** Shows those on top that came just now, oldest first. */
  prepend(arrivals: readonly Arrival[]): void
  /** Takes the oldest away when there are very many. Returns where to go on from then, if anything went. */
  trim(): string | null
  /** Whether somebody reads one that is open. */
  readonly isOpen: boolean
  readonly size: number
}

/** With more than this a page becomes slow; it is brought back to half. */
const MOST_LINES = 1_000

export function createLogList(root: HTMLElement): LogList {
  const shown = new Set<string>()

  const unseen = (events: readonly CurfewEvent[]) => {
    const fresh = events.filter(({ id }) => !shown.has(id))
    for (const { id } of fresh) shown.add(id)
    return fresh
  }

  return {
    has: ({ id }) => shown.has(id),
    replace(events) {
      shown.clear()
      root.replaceChildren(...unseen(events).map(eventRow))
      markDays(root.children)
    },
    append(events) {
      const rows = unseen(events).map(eventRow)
      root.append(...rows)
      markDays(rows)
    },
    prepend(arrivals) {
      const fresh = new Set(unseen(arrivals.map(({ event }) => event)))
      const rows = arrivals.filter(({ event }) => fresh.has(event)).map(newRow)
      const below = root.firstElementChild
      root.prepend(...rows.toReversed())
      markDays(below === null ? rows : [...rows, below])
    },
    trim() {
      const last = root.children.item(MOST_LINES / 2 - 1)
      const cursor = last instanceof HTMLElement ? last.dataset['cursor'] : undefined
      // Only below a line whose place is known, or what is below could not be loaded again.
      if (root.children.length <= MOST_LINES || cursor === undefined) return null
      while (root.lastElementChild !== null && root.lastElementChild !== last) {
        if (root.lastElementChild instanceof HTMLElement)
          shown.delete(root.lastElementChild.dataset['id'] ?? '')
        root.lastElementChild.remove()
      }
      return cursor
    },
    get isOpen() {
      return root.querySelector('details[open]') !== null
    },
    get size() {
      return root.children.length
    },
  }
}

function newRow({ event, cursor }: Arrival): HTMLLIElement {
  const row = eventRow(event)
  row.classList.add('new')
  if (cursor !== undefined) row.dataset['cursor'] = cursor
  return row
}

/** The first line of each day says which; on top, today goes without saying. */
function markDays(rows: Iterable<Element>): void {
  for (const row of rows) {
    const day = row.getAttribute('data-day')
    const dayAbove = row.previousElementSibling?.getAttribute('data-day') ?? dayOf(Date.now())
    row.classList.toggle('first-of-day', day !== dayAbove)
  }
}
