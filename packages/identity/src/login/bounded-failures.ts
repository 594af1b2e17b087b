import type { CurfewEvent } from '@curfew/contract'
import type { Log } from '@curfew/service'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'

export interface BoundedFailuresOptions {
  readonly writeToLog: (event: CurfewEvent) => Promise<void>
  /** Told of each that is not written. */
  readonly onDropped: () => void
  readonly log: Pick<Log, 'warn'>
  /** How many, in how many seconds; all of them hold. @default 600 a minute, 3,600 an hour */
  readonly budgets?: ReadonlyArray<{ readonly points: number; readonly duration: number }>
}

/** A busy minute is in the log as a whole; to push everything else out of it takes a flood of days. */
const BUDGETS = [
  { points: 600, duration: 60 },
  { points: 3_600, duration: 60 * 60 },
]

/**
 * Writes failed logins to the log, but no more of them than a budget for everybody together, in this
 * process: they are the one fact that somebody can make who is not signed in, and the log drops its oldest.
 *
 * What is over is counted, and warned of once a minute.
 */
export function boundFailures({ writeToLog, onDropped, log, budgets = BUDGETS }: BoundedFailuresOptions) {
  const limiters = budgets.map((budget) => new RateLimiterMemory(budget))
  const warnings = new RateLimiterMemory({ points: 1, duration: 60 })

  /** One after the other: what the minute refuses must not be taken from the hour. */
  async function hasRoom(): Promise<boolean> {
    for (const limiter of limiters) if (!(await take(limiter))) return false
    return true
  }

  return async function writeFailure(event: CurfewEvent): Promise<void> {
    if (await hasRoom()) return writeToLog(event)

    onDropped()
    if (await take(warnings)) log.warn('login-failures.dropped', { budgets })
  }
}

/** It rejects with the state of the counter, which is no error. */
async function take(limiter: RateLimiterMemory): Promise<boolean> {
  return limiter.consume('everybody').then(
    () => true,
    (_counter: RateLimiterRes) => false,
  )
}
