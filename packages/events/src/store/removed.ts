import { z } from 'zod'
import { startOfHour } from './hours.js'

/**
 * Of so many that were removed last the ids are kept: when Redis has lost something it is read anew, and has the newest
 * 200,000 of what it had.
 */
export const MOST_KNOWN_REMOVED = 300_000

/** Of the last entry that is removed when it came, and the first hour in which one that is left says it happened. */
export const Removed = z.object({ streamed_ms: z.coerce.number(), first_hour: z.coerce.number().nullable() })

/**
 * Until when nothing of what was counted is left. It came in the future when a clock was ahead: what is left has
 * the last word. Epoch milliseconds.
 */
export function countedUntil({
  streamed_ms: streamedMs,
  first_hour: firstHour,
}: z.output<typeof Removed>): number {
  return firstHour === null ? streamedMs : Math.min(streamedMs, startOfHour(firstHour))
}
