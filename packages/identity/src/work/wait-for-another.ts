import { DelayedError, type Job } from 'bullmq'

/** What only another identity understands waits for one: until all of them are updated, or have the key. Milliseconds. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

/** So soon, and so seldom at the most, somebody looks at it again. Milliseconds. */
const SHORTEST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 10 * 60 * 1000

/** A job has done what it could: what is left takes another identity, a newer one, or one that has the key. */
export class LeftToAnother extends Error {
  override readonly name = 'LeftToAnother'
}

/** Whether somebody may still come who understands it. */
export function mayWait(job: Job): boolean {
  return ageMs(job) < LONGEST_WAIT_MS
}

/**
 * Leaves the job to whoever takes it up next: at first soon, and then after as long as it has waited until now. The last
 * look is when its time is over.
 *
 * @throws always: that is how BullMQ is told
 */
export async function waitForAnother(job: Job, token: string | undefined): Promise<never> {
  const age = ageMs(job)
  const pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(age, LONGEST_PAUSE_MS, LONGEST_WAIT_MS - age))
  await job.moveToDelayed(Date.now() + pauseMs, token)
  throw new DelayedError()
}

function ageMs(job: Job): number {
  return Date.now() - job.timestamp
}
