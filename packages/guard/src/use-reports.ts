import type { CacheEntry } from './session-cache.js'
import type { Use } from './store-link.js'

/** A session is reported as used at most once in this part of its idle time. */
const PART_OF_IDLE_TIME = 10

/** Reports wait this long for company. Milliseconds. */
const BATCH_DELAY_MS = 200

/** Most reports in one script call. */
const BATCH_SIZE = 500

type Report = (uses: readonly Use[]) => Promise<boolean[]>

/**
 * Tells Redis which sessions are in use, in batches, so that whoever works in one service alone is not
 * logged out for being idle. Idle time counts from what Redis knows: an entry lives on here only once
 * its report was written.
 */
export function createUseReports(
  report: Report,
  monotonicMs: () => number,
  onError: (error: unknown) => void,
) {
  const waiting = new Map<CacheEntry, number>()
  let timer: NodeJS.Timeout | undefined

  function used(entry: CacheEntry, nowMs: number): void {
    entry.reportAfter = nowMs + entry.session.idleTtlMs / PART_OF_IDLE_TIME
    waiting.set(entry, nowMs)
    if (timer === undefined) timer = setTimeout(flush, BATCH_DELAY_MS).unref()
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (waiting.size === 0) return
    const batch = [...waiting].slice(0, BATCH_SIZE)
    for (const [entry] of batch) waiting.delete(entry)
    if (waiting.size > 0) timer = setTimeout(flush, 0).unref()

    try {
      const now = monotonicMs()
      const lives = await report(
        batch.map(([{ session }, usedAt]) => ({
          ref: session.ref,
          agoMs: now - usedAt,
          idleTtlMs: session.idleTtlMs,
        })),
      )
      for (const [i, [entry, usedAt]] of batch.entries()) {
        // What is over for everybody else must not live on here: the next use asks Redis.
        entry.idleUntil = lives[i] ? Math.max(entry.idleUntil, usedAt + entry.session.idleTtlMs) : 0
      }
    } catch (error) {
      // Redis is away. The next use tries again.
      onError(error)
      for (const [entry] of batch) entry.reportAfter = 0
    }
  }

  return { used, flush }
}

export type UseReports = ReturnType<typeof createUseReports>

/** When a use is next worth reporting, for a session last seen `sinceSeenMs` ago. Monotonic milliseconds. */
export function reportAfter(nowMs: number, idleTtlMs: number, sinceSeenMs: number): number {
  return nowMs + idleTtlMs / PART_OF_IDLE_TIME - sinceSeenMs
}
