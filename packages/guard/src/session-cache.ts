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
  put(sessionId: string, found: FoundSession): CacheEntry
  drop(sessionId: string): void
  /** Drops what a sign-off covers: by one write, however many sessions a user has. */
  dropCovered(target: SignOffTarget): void
  clear(): void
  /** What is kept of a session. While something is, no sign-off that covers it has been applied. */
  entryOf(session: SessionRecord): CacheEntry | undefined
  readonly size: number
}

export interface FoundSession {
  readonly session: SessionRecord
  /** Monotonic milliseconds at which the session ends if it is not used. Moves when its use was reported. */
  idleUntil: number
  /** Monotonic milliseconds at which it ends in any case. */
  readonly expiresAt: number
  /** Monotonic milliseconds from which on a use is worth reporting. */
  reportAfter: number
}

export interface CacheEntry extends FoundSession {
  /** What is answered for it: made once, not per request. */
  readonly decision: { readonly kind: 'session'; readonly session: SessionRecord }
  /** Set by each use, cleared when the entry is passed over for making room. */
  used: boolean
  /** Shared by all that is kept of one user. */
  readonly ofUser: KeptOfUser
}

export interface KeptOfUser {
  /** A sign-off has covered them all. They are as good as gone, and taken out soon. */
  isOver: boolean
  readonly sessionIds: Set<string>
}

export function createSessionCache(
  maxEntries: number,
  later: (work: () => void) => void = afterAMoment,
): SessionCache {
  const entries = new Map<string, CacheEntry>()
  const byFamily = new Map<string, Set<string>>()
  const byUser = new Map<string, KeptOfUser>()
  /** Those to take out, and how many entries that are. */
  const over = new Set<KeptOfUser>()
  let entriesOver = 0
  let isDueSoon = false

  function put(sessionId: string, { session, idleUntil, expiresAt, reportAfter }: FoundSession): CacheEntry {
    drop(sessionId)
    makeRoom()
    const ofUser = keptOf(session.user.id)
    ofUser.sessionIds.add(sessionId)
    const ofFamily = byFamily.get(session.family)
    if (ofFamily) ofFamily.add(sessionId)
    else byFamily.set(session.family, new Set([sessionId]))

    const decision = { kind: 'session', session } as const
    const entry = { session, decision, idleUntil, expiresAt, reportAfter, used: false, ofUser }
    entries.set(sessionId, entry)
    return entry
  }

  function keptOf(userId: string): KeptOfUser {
    const before = byUser.get(userId)
    if (before) return before
    const ofUser = { isOver: false, sessionIds: new Set<string>() }
    byUser.set(userId, ofUser)
    return ofUser
  }

  function drop(sessionId: string): void {
    const entry = entries.get(sessionId)
    if (entry === undefined) return
    entries.delete(sessionId)
    const { session, ofUser } = entry
    const ofFamily = byFamily.get(session.family)
    ofFamily?.delete(sessionId)
    if (ofFamily?.size === 0) byFamily.delete(session.family)
    ofUser.sessionIds.delete(sessionId)
    if (ofUser.isOver) {
      entriesOver--
      if (ofUser.sessionIds.size === 0) over.delete(ofUser)
    } else if (ofUser.sessionIds.size === 0) byUser.delete(session.user.id)
  }

  function dropCovered(target: SignOffTarget): void {
    switch (target.kind) {
      case 'session':
        for (const sessionId of [...(byFamily.get(target.family) ?? [])]) drop(sessionId)
        break
      // Everything of a user goes, also the one session that lives on: its record has changed.
      case 'user':
        dropUser(target.userId)
        break
      case 'everyone':
        clear()
    }
  }

  function dropUser(userId: string): void {
    const ofUser = byUser.get(userId)
    if (ofUser === undefined) return
    ofUser.isOver = true
    byUser.delete(userId)
    entriesOver += ofUser.sessionIds.size
    over.add(ofUser)
    takeOutSoon()
  }

  function takeOutSoon(): void {
    if (isDueSoon) return
    isDueSoon = true
    later(() => {
      isDueSoon = false
      takeOut(MOST_TAKEN_OUT_AT_ONCE)
      if (over.size > 0) takeOutSoon()
    })
  }

  function takeOut(most: number): void {
    let left = most
    for (const { sessionIds } of over) {
      for (const sessionId of sessionIds) {
        if (left-- === 0) return
        drop(sessionId)
      }
    }
  }

  function makeRoom(): void {
    if (entries.size >= maxEntries) takeOut(1)
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

  function clear(): void {
    entries.clear()
    byFamily.clear()
    byUser.clear()
    over.clear()
    entriesOver = 0
  }

  return {
    get(sessionId) {
      const entry = entries.get(sessionId)
      return entry === undefined || entry.ofUser.isOver ? undefined : entry
    },
    put,
    drop,
    dropCovered,
    clear,
    entryOf({ family, ref }) {
      for (const sessionId of byFamily.get(family) ?? []) {
        const entry = entries.get(sessionId)
        if (entry?.session.ref === ref && !entry.ofUser.isOver) return entry
      }
      return undefined
    },
    get size() {
      return entries.size - entriesOver
    },
  }
}

/** Not before the sign-off is acknowledged, which somebody waits for. */
function afterAMoment(work: () => void): void {
  setTimeout(work, MOMENT_MS).unref()
}

const MOMENT_MS = 20

/** About half a millisecond, after which requests have their turn. */
const MOST_TAKEN_OUT_AT_ONCE = 500
