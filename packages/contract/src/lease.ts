/** How long an instance may answer from memory after it last heard from Redis, unless configured. Milliseconds. */
export const DEFAULT_LEASE_MS = 5_000

/** Clocks may run this much too fast or too slow. */
const CLOCK_RATE_ERROR = 0.01
/** Time for the scheduler to be late in. Milliseconds. */
const SCHEDULING_MARGIN_MS = 50

/** How often an instance renews its lease. Milliseconds. */
export function renewalIntervalMs(leaseMs: number): number {
  return leaseMs / 4
}

/**
 * How long an instance that knows nothing itself waits before it opens a new history: every instance that
 * lives and may know of a sign-off which is missing has said hello by then. Milliseconds.
 */
export function patienceMs(leaseMs: number): number {
  return renewalIntervalMs(leaseMs) + RECONNECTING_MS
}

/** An instance that lost its connection has tried again by then. Milliseconds. */
const RECONNECTING_MS = 750

/**
 * The bound of promise 2: a sign-off is confirmed at most this long after it was durable, since every
 * lease that was granted before it has ended by then. Milliseconds.
 */
export function boundMs(leaseMs: number): number {
  return Math.ceil(leaseMs * (1 + CLOCK_RATE_ERROR)) + SCHEDULING_MARGIN_MS
}
