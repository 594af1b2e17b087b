/** The hour, counted from the epoch, in which a moment lies. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS)
}

export function startOfHour(hour: number): number {
  return hour * HOUR_MS
}

const HOUR_MS = 60 * 60 * 1000

/** The same of a row, for both databases, which round to zero. */
export const HOUR_OF_ROW = `((time_ms - CASE WHEN time_ms < 0 THEN ${HOUR_MS - 1} ELSE 0 END) / ${HOUR_MS})`
