import type { Retention, StoreSize } from './log-store.js'

/** Fewer free no page of a file. */
const FEWEST = 100

/**
 * How many of the oldest entries are to go until no more than `mostBytes` are used: as many as their share is, of which
 * one sees only once they are gone whether that was enough.
 */
export function entriesOver(
  { mostBytes = Infinity }: Retention,
  { entries, usedBytes }: Omit<StoreSize, 'bytes'>,
): number {
  if (usedBytes <= mostBytes) return 0
  return Math.max(FEWEST, Math.ceil(entries * (1 - mostBytes / usedBytes)))
}
