import type { FaultEntry, Span } from '../history/entry.js'

/** How far behind a replica may have been when it was promoted, on one machine. Milliseconds. */
const BEHIND_MS = 1_000

/**
 * Whether what was written then may have been lost by a fault that is allowed to: a failover.
 *
 * Replication is asynchronous. Sign-offs wait for every replica before they are answered, so that one which was
 * answered is never lost. Nothing waits for the replicas when a session begins, nor after a sign-off that
 * was answered 503 or not at all: what the old master had alone is gone with it, up to the moment at which all
 * follow the new one.
 */
export function mayBeLost(faults: readonly FaultEntry[], { start, end }: Span): boolean {
  return faults.some((fault) => fault.mayLose && start <= fault.end && end >= fault.start - BEHIND_MS)
}

/**
 * Whether Redis was restored from an older copy or emptied after that moment. What was signed off stays so, but
 * everybody may have to sign in again, and the log that was lost with it is not written anew.
 */
export function mayBeForgotten(faults: readonly FaultEntry[], moment: number): boolean {
  return faults.some((fault) => fault.forgets && moment <= fault.end)
}
