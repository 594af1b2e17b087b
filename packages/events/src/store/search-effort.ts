/** How much one call looks through before it leaves the rest to the next one. */
export interface Effort {
  /** Up to this it is counted how many fit one condition; above, all are many. */
  readonly many: number
  /** Positions: where many fit each of several conditions, but perhaps none fits all. */
  readonly span: number
  /** Entries that are looked at one by one. */
  readonly scanned: number
  /** So many of those are read at a time. */
  readonly chunk: number
}

export const EFFORT: Effort = { many: 2_000, span: 100_000, scanned: 10_000, chunk: 500 }
