import type { SessionRecord, SignOffTarget } from '@curfew/contract'

/**
 * Sessions in process memory, found by the raw value of their cookie: hashing it would cost more than
 * everything else that a request from memory does.
 *
 * Bounded: the oldest entry that has not been used since its last chance makes room. When a sign-off
 * is lost nothing here is safe to use; that is the business of the lease, see following.ts.
 */
export interface SessionCache {
  get(sessionId: string): CacheEntry | undefined
  put(sessionId: string, entry: CacheEntry): void
  drop(sessionId: string): void
  /** Drops what a sign-off covers. */
  dropCovered(target: SignOffTarget): void
  clear(): void
  /** What is kept of a session. While something is, no sign-off that covers it has been applied. */
  entryOf(session: SessionRecord): CacheEntry | undefined
  readonly size: number
}

export interface CacheEntry {
  readonly session: SessionRecord
  /** What is answered for it: made once, not per request. */
  readonly decision: { readonly kind: 'session'; readonly session: SessionRecord }
  /** Monotonic milliseconds at which the session ends if it is not used. Moves when its use was reported. */
  idleUntil: number
  /** Monotonic milliseconds at which it ends in any case. */
  readonly expiresAt: number
  /** Monotonic milliseconds from which on a use is worth reporting. */
  reportAfter: number
  /** Set by each use, cleared when the entry is passed over for making room. */
  used: boolean
}

export function createSessionCache(maxEntries: number): SessionCache {
  const entries = new Map<string, CacheEntry>()
  const byFamily = new Map<string, Set<string>>()
  const byUser = new Map<string, Set<string>>()

  function put(sessionId: string, entry: CacheEntry): void {
    drop(sessionId)
    makeRoom()
    entries.set(sessionId, entry)
    add(byFamily, entry.session.family, sessionId)
    add(byUser, entry.session.user.id, sessionId)
  }

  function drop(sessionId: string): void {
    const entry = entries.get(sessionId)
    if (entry === undefined) return
    entries.delete(sessionId)
    remove(byFamily, entry.session.family, sessionId)
    remove(byUser, entry.session.user.id, sessionId)
  }

  function dropCovered(target: SignOffTarget): void {
    for (const sessionId of [...coveredBy(target)]) drop(sessionId)
  }

  function makeRoom(): void {
    while (entries.size >= maxEntries) {
      for (const [sessionId, entry] of entries) {
        if (!entry.used) {
          drop(sessionId)
          break
        }
        entry.used = false
        entries.delete(sessionId)
        entries.set(sessionId, entry)
      }
    }
  }

  function coveredBy(target: SignOffTarget): Iterable<string> {
    switch (target.kind) {
      case 'session':
        return byFamily.get(target.family) ?? []
      // Everything of a user goes, also the one session that lives on: its record has changed.
      case 'user':
        return byUser.get(target.userId) ?? []
      case 'everyone':
        return entries.keys()
    }
  }

  function clear(): void {
    entries.clear()
    byFamily.clear()
    byUser.clear()
  }

  return {
    get: (sessionId) => entries.get(sessionId),
    put,
    drop,
    dropCovered,
    clear,
    entryOf({ family, ref }) {
      for (const sessionId of byFamily.get(family) ?? []) {
        const entry = entries.get(sessionId)
        if (entry?.session.ref === ref) return entry
      }
      return undefined
    },
    get size() {
      return entries.size
    },
  }
}

function add(index: Map<string, Set<string>>, key: string, sessionId: string): void {
  const ids = index.get(key)
  if (ids) ids.add(sessionId)
  else index.set(key, new Set([sessionId]))
}

function remove(index: Map<string, Set<string>>, key: string, sessionId: string): void {
  const ids = index.get(key)
  ids?.delete(sessionId)
  if (ids?.size === 0) index.delete(key)
}
