import type { EventFilter } from '../event-filter.js'
import type { LogStore, StoredEntry } from './log-store.js'

/** So many are in memory at a time. */
const PAGE = 500

/**
 * Every entry that fits, newest first, in constant memory: an export takes the next page when its reader has
 * taken the last one. It begins with what is there when it begins.
 */
export async function* readAll(
  store: Pick<LogStore, 'page'>,
  filter: EventFilter,
): AsyncGenerator<StoredEntry, void, undefined> {
  let before: number | undefined
  for (;;) {
    const { entries, next } = await store.page({ filter, before, limit: PAGE })
    yield* entries
    if (next === null) return
    before = next
  }
}
