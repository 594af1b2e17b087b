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
  const byFamily = new Map<string, string[]>()
  const byUser = new Map<string, string[]>()

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
    // Of a user everything goes, also the one session that lives on: its record has changed.
    const covered = target.kind === 'session' ? byFamily.get(target.family) : byUser.get(target.userId)
    for (const sessionId of [...(covered ?? [])]) drop(sessionId)
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

  return {
    get: (sessionId) => entries.get(sessionId),
    put,
    drop,
    dropCovered,
    clear() {
      entries.clear()
      byFamily.clear()
      byUser.clear()
    },
    get size() {
      return entries.size
    },
  }
}

function add(index: Map<string, string[]>, key: string, sessionId: string): void {
  const ids = index.get(key)
  if (ids) ids.push(sessionId)
  else index.set(key, [sessionId])
}

function remove(index: Map<string, string[]>, key: string, sessionId: string): void {
  const rest = index.get(key)?.filter((id) => id !== sessionId)
  if (rest && rest.length > 0) index.set(key, rest)
  else index.delete(key)
}
