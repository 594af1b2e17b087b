import { boundMs } from '@curfew/contract'
import type { Instant } from '@curfew/guard/following'

/**
 * Time in the model goes by ticks, and every moment is told relative to now, which is 0: what is so old that it
 * makes no difference any more is no older than `OLDEST_MS`. So the states are finitely many, and time is not.
 *
 * The bound of the lease is two ticks exactly. An instance may serve at the first tick after its hello and not at
 * the second, at which a confirmation by time may come: nothing lies between that would hide a rule which is wrong
 * by a little.
 */
export const TICK_MS = 10_000
export const LEASE_MS = 19_752
/** Whose bound is three ticks. */
export const LONG_LEASE_MS = 29_653
export const BOUND_MS = boundMs(LEASE_MS)
export const LONG_BOUND_MS = boundMs(LONG_LEASE_MS)

export const NOW: Instant = { monotonicMs: 0, wallMs: 0 }

/** A clock that goes back no further than the longest bound, or where somebody waits for others `longestWaitMs`. */
export function createClock(oldestMs: number, longestWaitMs: number) {
  const ago = (ms: number) => Math.max(-oldestMs, ms)

  return {
    /** A tick later. */
    age: (ms: number) => ago(ms - TICK_MS),
    /** A tick later, of a moment since when an identity waits for others. */
    wait: (ms: number) => Math.max(-longestWaitMs, ms - TICK_MS),
    /** A tick later, of a moment that only matters once it has come. */
    await: (ms: number) => Math.max(0, ms - TICK_MS),
    /** A tick later. Both clocks are cut by the same, so that how far they parted is kept. */
    ageInstant({ monotonicMs, wallMs }: Instant): Instant {
      const later = monotonicMs - TICK_MS
      const cut = ago(later) - later
      return { monotonicMs: later + cut, wallMs: wallMs - TICK_MS + cut }
    },
    /** The wall clock was set ahead by so much, or the machine slept so long and its monotonic clock with it. */
    stepWall: ({ monotonicMs, wallMs }: Instant, stepMs: number): Instant => ({
      monotonicMs,
      wallMs: wallMs - stepMs,
    }),
  }
}

export type Clock = ReturnType<typeof createClock>
