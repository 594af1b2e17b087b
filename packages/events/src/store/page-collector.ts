import { matches } from '../event-filter.js'
import type { EntryRow } from './entry-row.js'
import { readStored } from './event-facts.js'
import type { StoredEntry, StorePage, StoreQuery } from './log-store.js'
import type { Effort } from './search-effort.js'
import type { SearchWindow } from './search-window.js'

/** Makes a page of what a database proposes, newest first: `matches` has the last word. */
export interface PageCollector {
  /** The next ones are to be read below this position, so many of them. */
  readonly below: number
  readonly count: number
  /** @returns the page, once it is full, or as far as this call goes; null: read on */
  take(rows: readonly EntryRow[]): StorePage | null
}

/** @param above the position down to which this call looks; the window may reach farther */
export function collectPage(
  { filter, limit }: StoreQuery,
  window: SearchWindow,
  above: number,
  effort: Effort,
): PageCollector {
  const found: StoredEntry[] = []
  let { below } = window
  let scanned = 0
  // All but the text is decided by the database.
  const countNow = () =>
    Math.min(filter.text === undefined ? limit + 1 : effort.chunk, effort.scanned - scanned)

  return {
    get below() {
      return below
    },
    get count() {
      return countNow()
    },
    take(rows) {
      const isEnd = rows.length < countNow()
      for (const row of rows) {
        const entry = readStored(row)
        if (entry === null || !matches(filter, entry.event)) continue
        // One more than asked for was looked for, to know whether there is a next page.
        if (found.length === limit) return { entries: found, next: found.at(-1)?.position ?? null }
        found.push(entry)
      }
      below = rows.at(-1)?.position ?? below
      scanned += rows.length
      if (isEnd) return { entries: found, next: above > window.above ? above + 1 : null }
      return scanned < effort.scanned ? null : { entries: found, next: below }
    },
  }
}
