import type { Metrics } from './metrics.js'
import { scrapedMetrics } from './scraped-metrics.js'

/** What a guard says of itself. This package knows no guard: `guard.stats()` of @curfew/guard says all of it. */
export interface GuardState {
  readonly following: boolean
  readonly connected: boolean
  readonly leaseLeftMs: number
  readonly sequence: number
  /** `at` in epoch milliseconds. */
  readonly lastGap: { readonly at: number } | null
  readonly entries: number
  readonly held: number
  readonly hits: number
  readonly misses: number
  readonly flushes: number
  readonly hookFailures: number
}

/** True while the guard can do its work, or a sentence that says what is missing. */
export function guardReady({ following, connected }: GuardState): true | string {
  if (!following) return 'The guard has no lease: it does not follow the sign-offs, and answers nobody.'
  // A lease outlives the connection that it came by.
  return connected || 'The guard has no connection to Redis.'
}

/**
 * What every service that mounts a guard shows of it.
 *
 * | metric                             | labels | says                                                                          |
 * | ---------------------------------- | ------ | ----------------------------------------------------------------------------- |
 * | `curfew_guard_following`           |        | 1 while it has a lease, so that requests are answered; else 0                 |
 * | `curfew_guard_lease_left_ms`       |        | how much is left of it: 0 when it has none                                    |
 * | `curfew_guard_sequence`            |        | number of the newest sign-off that is applied here                            |
 * | `curfew_guard_entries`             |        | sessions in memory                                                            |
 * | `curfew_guard_held`                |        | connections that are closed when their session ends                           |
 * | `curfew_guard_gap_age_seconds`     |        | since sign-offs had last been missed, and were caught up with; none, no value |
 * | `curfew_guard_hits_total`          |        | requests that were answered from memory                                       |
 * | `curfew_guard_misses_total`        |        | requests that had to be looked up in Redis                                    |
 * | `curfew_guard_flushes_total`       |        | times that memory was emptied                                                 |
 * | `curfew_guard_hook_failures_total` |        | hooks of this process that failed or hung                                     |
 */
export function observeGuard(metrics: Pick<Metrics, 'registry'>, state: () => GuardState): void {
  const { gauge, counter } = scrapedMetrics(metrics)

  gauge('curfew_guard_following', 'Whether it has a lease', () => Number(state().following))
  gauge('curfew_guard_lease_left_ms', 'How much is left of the lease, in milliseconds', () =>
    Math.max(0, state().leaseLeftMs),
  )
  gauge('curfew_guard_sequence', 'The newest sign-off that is applied here', () => state().sequence)
  gauge('curfew_guard_entries', 'Sessions in memory', () => state().entries)
  gauge('curfew_guard_held', 'Connections that are held until their session ends', () => state().held)
  gauge('curfew_guard_gap_age_seconds', 'Since sign-offs had last been missed', () => {
    const { lastGap } = state()
    return lastGap && Math.max(0, (Date.now() - lastGap.at) / 1000)
  })
  counter('curfew_guard_hits_total', 'Requests that were answered from memory', () => state().hits)
  counter('curfew_guard_misses_total', 'Requests that were looked up in Redis', () => state().misses)
  counter('curfew_guard_flushes_total', 'Times that memory was emptied', () => state().flushes)
  counter('curfew_guard_hook_failures_total', 'Hooks that failed or hung', () => state().hookFailures)
}
