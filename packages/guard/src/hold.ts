import type { SessionRecord } from '@curfew/contract'
import type { Follower } from './follower.js'
import type { HeldConnections, Hold, HoldEnd } from './held-connections.js'
import type { SessionCache } from './session-cache.js'
import type { StoreLink } from './store-link.js'

export interface HoldOptions {
  readonly held: HeldConnections
  readonly cache: Pick<SessionCache, 'entryOf'>
  readonly follower: Pick<Follower, 'mayServe' | 'sayHello' | 'state'>
  readonly link: Pick<StoreLink, 'read'>
  readonly onError: (error: unknown) => void
}

/** A hold, and when it is known that its session is valid. */
export interface LookedAfter extends Hold {
  /** Null: it was in memory, nobody had to look. */
  readonly firstLook: Promise<void> | null
}

/**
 * Keeps a connection as long as its session: ended by the sign-off in the same step in which memory is
 * dropped, and by the session's idle or absolute end, which only Redis knows, since it may be in use in
 * other services.
 */
export function holdConnection(
  { held, cache, follower, link, onError }: HoldOptions,
  session: SessionRecord,
  onEnd: (end: HoldEnd) => void,
): LookedAfter {
  let timer: NodeJS.Timeout | undefined
  const connection = held.add(session, (end) => {
    clearTimeout(timer)
    onEnd(end)
  })
  // Between the decision and this call a sign-off may have come; one that comes from now on is heard.
  const entry = cache.entryOf(session)
  let isCurrent = entry !== undefined
  if (entry) lookIn(Math.min(entry.idleUntil, entry.expiresAt) - performance.now())
  const firstLook = entry ? null : look('recheck')

  function lookIn(ms: number): void {
    const delayMs = Math.min(Math.max(ms, 0), LONGEST_TIMER_MS) + 1
    timer = setTimeout(look, delayMs, 'expired').unref()
  }

  async function look(endIfGone: HoldEnd): Promise<void> {
    const answer = await link.read(session.ref).catch(onError)
    if (!connection.open) return
    if (!answer) return connection.end('recheck')
    if (!answer.isOpen || answer.history !== follower.state.history) {
      // Following another history ends this hold by itself, unless Redis can't be followed.
      await follower.sayHello()
      return connection.end('recheck')
    }
    if (answer.found === null) return connection.end(endIfGone)
    isCurrent = true
    lookIn(Math.min(answer.found.idleLeftMs, answer.found.leftMs))
  }

  return {
    mayDeliver: () => isCurrent && connection.open && follower.mayServe(performance.now()),
    release() {
      clearTimeout(timer)
      connection.release()
    },
    firstLook,
  }
}

/** Timers take 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 2
