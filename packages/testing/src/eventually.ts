import { setTimeout as wait } from 'node:timers/promises'

/**
 * Waits until `condition` answers something truthy, and resolves with it.
 *
 * For what tells nobody that it happened. Where there is an event, wait for the event. A condition that
 * throws counts as not yet, and what it threw last is the cause of the failure.
 *
 * @param within milliseconds, 20 s unless told: a busy machine may take that long; then it throws
 * @param everyMs how long after each look the next one comes, where the moment itself is wanted; otherwise ever longer
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { within = 20_000, everyMs }: { within?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const began = performance.now()
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    const waitedMs = performance.now() - began
    if (waitedMs > within) throw new Error(`not within ${within} ms: ${condition}`, { cause })
    await wait(everyMs ?? lookAgainInMs(waitedMs))
  }
}

/** Soon at first, and then ever later: who waits for a whole system leaves it the processor. */
export function lookAgainInMs(waitedMs: number): number {
  return Math.min(Math.max(5, waitedMs / 20), 100)
}
