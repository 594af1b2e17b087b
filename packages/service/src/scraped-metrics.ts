import { Counter, Gauge } from 'prom-client'
import type { Metrics } from './metrics.js'

export interface ScrapedMetrics {
  /** Null: it has no value now. */
  gauge(name: string, help: string, read: () => number | null): void
  /** `read` answers how many there ever were. */
  counter(name: string, help: string, read: () => number): void
}

/** Metrics of what is counted elsewhere: each scrape reads it. */
export function scrapedMetrics({ registry }: Pick<Metrics, 'registry'>): ScrapedMetrics {
  const registers = [registry]
  return {
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const value = read()
          if (value === null) this.remove()
          else this.set(value)
        },
      })
    },
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    },
  }
}
