/** A length of time, as short as it can be said: “4 ms”, “1.2 s”, “3 min 20 s”, “2 h 5 min”. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  // Rounded first: what is all but the next unit is said in it.
  const tenthsOfMs = Math.round(ms * 10)
  if (tenthsOfMs < 10_000) return `${tenthsOfMs / 10} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(ms / 60_000)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
