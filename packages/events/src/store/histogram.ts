/*
 * Durations in few numbers: each is counted in a bucket whose bounds lie 4 % apart, so that a percentile, of however
 * many, is right to 2 %. (DDSketch, Masson et al., VLDB 2019.)
 */
const GAMMA = 1.04
const SHORTEST_MS = 0.01
const LONGEST_MS = 1e9

/** The bucket of a duration. */
export function bucketOf(tookMs: number): number {
  const bounded = Math.min(Math.max(tookMs, SHORTEST_MS), LONGEST_MS)
  return Math.ceil(Math.log(bounded) / Math.log(GAMMA))
}

export interface BucketCount {
  readonly bucket: number
  readonly count: number
}

/** The duration that `percent` of those in the buckets don't exceed, to 2 %. Null where there are none. Milliseconds. */
export function percentileOf(buckets: readonly BucketCount[], percent: number): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  let left = Math.ceil((total * percent) / 100)
  for (const { bucket, count } of buckets.toSorted((a, b) => a.bucket - b.bucket)) {
    left -= count
    if (left <= 0) return Number(((2 * GAMMA ** bucket) / (GAMMA + 1)).toPrecision(3))
  }
  return null
}
