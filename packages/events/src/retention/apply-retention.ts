import { createEvent } from '@curfew/contract'
import { streamedMsOf } from '../store/event-facts.js'
import type { LogStore } from '../store/log-store.js'

/** How much of the log is kept; what is not said removes nothing. */
export interface RetentionSettings {
  readonly keepDays?: number | undefined
  readonly keepEvents?: number | undefined
  readonly keepBytes?: number | undefined
}

export interface ApplyRetentionOptions extends RetentionSettings {
  readonly store: Pick<LogStore, 'append' | 'prune' | 'page' | 'ends' | 'after' | 'size'>
  /** Leaves the rest to the next time. */
  readonly signal?: AbortSignal
  readonly now?: () => number
}

/** Of a size that is exceeded so much is kept: the rest is more than the fact of it takes, with all its indexes. */
const ROOM = 0.99

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Removes what is too old or too much, and says in the log itself how much that was. Safe to be done by several at once,
 * or to be broken off: each says what it has removed.
 *
 * Age counts back from the newest event, so that a clock that is ahead of it removes nothing by that.
 *
 * @returns how many were removed
 */
export async function applyRetention(options: ApplyRetentionOptions): Promise<number> {
  const { keepDays, keepEvents, keepBytes, store, signal, now = Date.now } = options
  const [newest] = (await store.page({ filter: {}, limit: 1 })).entries
  if (newest === undefined) return 0
  const newestMs = streamedMsOf(newest)
  const olderThan = keepDays === undefined ? undefined : Math.min(now(), newestMs) - keepDays * DAY_MS
  const { entries, usedBytes } = await store.size()
  // Room for the fact of it, or that would be too much by itself, for ever.
  const mostEntries = keepEvents !== undefined && entries > keepEvents ? keepEvents - 1 : undefined
  const mostBytes = keepBytes !== undefined && usedBytes > keepBytes ? keepBytes * ROOM : undefined

  let removed = 0
  const onRemoved = (entries: number) => {
    removed += entries
  }
  try {
    await store.prune({ olderThan, mostEntries, mostBytes }, { signal, onRemoved })
  } finally {
    if (removed > 0) await tell(removed)
  }
  return removed

  async function tell(removed: number): Promise<void> {
    const first = (await store.ends())?.first
    const [oldest] = first === undefined ? [] : await store.after(first - 1, 1)
    const event = createEvent(
      'events',
      'log.pruned',
      null,
      { actor: 'system', entries: removed, ...(oldest ? { keptSince: oldest.event.time } : {}) },
      new Date(now()),
    )
    // As old as what it follows, whatever this clock says: it must not outlive what comes after it.
    await store.append({ entries: [{ streamId: `${newestMs}-0`, json: JSON.stringify(event) }] })
  }
}
