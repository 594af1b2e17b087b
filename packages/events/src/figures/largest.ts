/** What stands for all reasons that are not told apart. `others` is a reason of its own. */
export const OTHER_REASONS = 'other reasons'

/** As many as a picture has colours for, next to the others. */
const MOST = 8

/** The largest, and the others together: there is no end of reasons. */
export function largestOf(byReason: ReadonlyMap<string, readonly number[]>): Map<string, readonly number[]> {
  const sorted = [...byReason]
    .map(([reason, counts]) => ({ reason, counts, sum: counts.reduce((sum, count) => sum + count, 0) }))
    .sort((a, b) => b.sum - a.sum)
  const largest = new Map(sorted.slice(0, MOST).map(({ reason, counts }) => [reason, counts]))
  const rest = sorted.slice(MOST).map(({ counts }) => counts)
  const [first] = rest
  if (first)
    largest.set(
      OTHER_REASONS,
      first.map((_, step) => rest.reduce((sum, counts) => sum + (counts[step] ?? 0), 0)),
    )
  return largest
}
