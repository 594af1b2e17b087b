import { setTimeout as pause } from 'node:timers/promises'

/**
 * Nobody does anything for a moment. A process that was busy just before answers several times faster than one
 * that has slept, and what is compared must begin alike.
 */
export async function rest(ms = REST_MS): Promise<void> {
  await pause(ms)
}

/** Long enough for a few processes to fall asleep. */
export const REST_MS = 20
