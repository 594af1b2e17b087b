/** The value that half of all values lie below. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value that `percent` of all values don't exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  const value = sorted[rank - 1]
  if (value === undefined) throw new TypeError('there are no values')
  return value
}

export function best(values: readonly number[]): number {
  return Math.min(...values)
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}
