/** What the process of a test file tells the runner when its last test is over. */
export interface Outcome {
  readonly passed: number
  readonly total: number
  /** What failed, as text for people. Empty when all is well. */
  readonly failures: readonly string[]
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'failures' in value
}
