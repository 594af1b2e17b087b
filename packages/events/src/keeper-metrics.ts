import { type Metrics, scrapedMetrics } from '@curfew/service'
import { Gauge } from 'prom-client'
import type { Keeper } from './keeper.js'
import type { KeeperLag } from './keeper-lag.js'

/**
 * What events shows of how the log is kept.
 *
 * | metric                        | labels | says                                                                                  |
 * | ----------------------------- | ------ | ------------------------------------------------------------------------------------- |
 * | `curfew_log_keeping`          |        | 1 while the stream is read and the store takes it; else 0                             |
 * | `curfew_log_lag_entries`      |        | facts in Redis that are not kept yet; while Redis is away, no value                   |
 * | `curfew_log_lag_seconds`      |        | since the oldest of them came into Redis; 0 when all are kept                         |
 * | `curfew_log_kept_total`       |        | facts that this process has kept; of several instances each counts its own            |
 * | `curfew_log_gaps_total`       |        | times that facts are missing, or may be: `log.interrupted` in the log                 |
 * | `curfew_log_unreadable_total` |        | entries that held no fact, and were passed over                                       |
 */
export function observeKeeper(
  metrics: Pick<Metrics, 'registry'>,
  keeper: Pick<Keeper, 'isKeeping' | 'stats'>,
  lag: () => Promise<KeeperLag | null>,
): void {
  const { gauge, counter } = scrapedMetrics(metrics)
  gauge('curfew_log_keeping', 'Whether the stream is read and the store takes it', () =>
    Number(keeper.isKeeping),
  )
  counter('curfew_log_kept_total', 'Facts that this process has kept', () => keeper.stats().kept)
  counter('curfew_log_gaps_total', 'Times that facts are missing, or may be', () => keeper.stats().gaps)
  counter('curfew_log_unreadable_total', 'Entries that held no fact', () => keeper.stats().unreadable)

  const registers = [metrics.registry]
  const seconds = new Gauge({
    name: 'curfew_log_lag_seconds',
    help: 'Since the oldest fact that is not kept came into Redis',
    registers,
  })
  new Gauge({
    name: 'curfew_log_lag_entries',
    help: 'Facts in Redis that are not kept yet',
    registers,
    async collect() {
      // Both of one look at Redis.
      const behind = await lag()
      for (const [gauge, value] of [
        [this, behind?.entries],
        [seconds, behind?.seconds],
      ] as const) {
        if (value === undefined) gauge.remove()
        else gauge.set(value)
      }
    },
  })
}
