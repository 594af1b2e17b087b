import type { SessionRecord, SignOff, SignOffTarget } from '@curfew/contract'

/** Why a held connection was ended: the sign-off's reason, or that its session should be looked at anew. */
export type HoldEnd = SignOff['reason'] | 'expired' | 'recheck'

/** A long-lived connection (event stream, WebSocket) that lives no longer than its session. */
export interface Hold {
  /** Every message sent on the connection is a decision of its own: ask before each. */
  mayDeliver(): boolean
  /** The connection was closed by its other end. */
  release(): void
}

/** Live connections by session, closed in the same step in which memory is dropped. */
export interface HeldConnections {
  add(session: SessionRecord, onEnd: (end: HoldEnd) => void): HeldConnection
  endCovered(target: SignOffTarget, end: HoldEnd): void
  endAll(end: HoldEnd): void
  readonly size: number
}

export interface HeldConnection {
  readonly open: boolean
  /** Lets it go, and says why. Once. */
  end(why: HoldEnd): void
  /** Lets it go, and says nothing. */
  release(): void
}

interface Held {
  readonly session: SessionRecord
  readonly onEnd: (end: HoldEnd) => void
  open: boolean
}

export function createHeldConnections(onError: (error: unknown) => void): HeldConnections {
  const byUser = new Map<string, Set<Held>>()
  let size = 0

  function add(session: SessionRecord, onEnd: (end: HoldEnd) => void): HeldConnection {
    const held: Held = { session, onEnd, open: true }
    const ofUser = byUser.get(session.user.id) ?? new Set()
    byUser.set(session.user.id, ofUser.add(held))
    size++
    return {
      get open() {
        return held.open
      },
      end: (why) => end(held, why),
      release: () => release(held),
    }
  }

  function release(held: Held): void {
    if (!held.open) return
    held.open = false
    size--
    const ofUser = byUser.get(held.session.user.id)
    ofUser?.delete(held)
    if (ofUser?.size === 0) byUser.delete(held.session.user.id)
  }

  function end(held: Held, why: HoldEnd): void {
    // Ending one may have released others that were to be ended with it.
    if (!held.open) return
    release(held)
    try {
      held.onEnd(why)
    } catch (error) {
      // One connection that can't be closed must not keep the others open.
      onError(error)
    }
  }

  function all(): Held[] {
    return [...byUser.values()].flatMap((ofUser) => [...ofUser])
  }

  return {
    add,
    endCovered(target, why) {
      for (const held of target.kind === 'everyone' ? all() : [...(byUser.get(target.userId) ?? [])]) {
        if (covers(target, held.session)) end(held, why)
      }
    },
    endAll(why) {
      for (const held of all()) end(held, why)
    },
    get size() {
      return size
    },
  }
}

/** Whether a sign-off ends this session, as the session was when we learned of it. */
export function covers(target: SignOffTarget, session: SessionRecord): boolean {
  if (target.kind === 'everyone') return session.era < target.era
  if (target.userId !== session.user.id) return false
  if (target.kind === 'session') return target.family === session.family
  return session.generation < target.generation && session.family !== target.except
}
