/** The time that is asked for, in steps. All in seconds since the epoch, and multiples of the step. */
export interface TallySpan {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** A multiple of a minute. */
  readonly stepSeconds: number
}

/** What was counted in a span. Steps in which nothing happened are not there. */
export interface Tally {
  readonly counts: readonly TallyCount[]
  readonly confirmations: readonly TallyConfirmations[]
  readonly samples: readonly TallySample[]
}

export interface TallyCount {
  /** 0 is the first step of the span. */
  readonly step: number
  readonly type: string
  /** Empty where none is said. */
  readonly reason: string
  readonly count: number
}

/** How many sign-offs took how long to be confirmed. */
export interface TallyConfirmations {
  readonly step: number
  /** Of the histogram. */
  readonly bucket: number
  readonly count: number
}

export interface TallySample {
  readonly step: number
  /** The most sessions that were signed in at a time, of those times at which they were counted. */
  readonly most: number
}
