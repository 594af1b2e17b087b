import { setTimeout as wait } from 'node:timers/promises'

const LOOK_AGAIN_MS = 5

/**
 * Waits until `condition` answers something truthy, and resolves with it.
 *
 * For what tells nobody that it happened. Where there is an event, wait for the event. A condition that
 * throws counts as not yet, and what it threw last is the cause of the failure.
 *
 * @param within milliseconds, 20 s unless told: a busy machine may take that long; then it throws
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { within = 20_000 }: { within?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + within
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${condition}`, { cause })
    await wait(LOOK_AGAIN_MS)
  }
}
