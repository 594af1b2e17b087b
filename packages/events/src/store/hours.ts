/** The hour, counted from the epoch, in which a moment lies. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS)
}

const HOUR_MS = 60 * 60 * 1000
