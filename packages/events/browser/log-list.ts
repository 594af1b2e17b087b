import type { CurfewEvent } from '@curfew/contract'
import { eventRow } from './event-row.js'

/** The lines of the log on the page, newest on top, none twice. */
export interface LogList {
  has(event: CurfewEvent): boolean
  /** Shows these instead, newest first. */
  replace(events: readonly CurfewEvent[]): void
  /** Shows older ones below, newest first. */
  append(events: readonly CurfewEvent[]): void
  /** Shows one on top that came just now. `cursor`: where it stands, if known. */
  prepend(event: CurfewEvent, cursor?: string): void
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
    },
    append(events) {
      root.append(...unseen(events).map(eventRow))
    },
    prepend(event, cursor) {
      const [fresh] = unseen([event])
      if (fresh === undefined) return
      const row = eventRow(fresh)
      row.classList.add('new')
      row.dataset['id'] = fresh.id
      if (cursor !== undefined) row.dataset['cursor'] = cursor
      root.prepend(row)
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
