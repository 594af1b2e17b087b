import type { SessionRecord } from '@curfew/contract'
import type { Follower } from './follower.js'
import type { HeldConnections, Hold, HoldEnd } from './held-connections.js'
import type { SessionCache } from './session-cache.js'
import type { StoreLink } from './store-link.js'

export interface HoldOptions {
  readonly held: HeldConnections
  readonly cache: Pick<SessionCache, 'holds'>
  readonly follower: Follower
  readonly link: Pick<StoreLink, 'read'>
  readonly onError: (error: unknown) => void
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
): Hold {
  let timer: NodeJS.Timeout | undefined
  // Between the decision and this call a sign-off may have come; one that comes from now on is heard.
  let isCurrent = cache.holds(session)
  const connection = held.add(session, (end) => {
    clearTimeout(timer)
    onEnd(end)
  })
  void look('recheck')

  async function look(endIfGone: HoldEnd): Promise<void> {
    const answer = await link.read(session.ref).catch(onError)
    if (!connection.open) return
    if (!answer?.isOpen || answer.history !== follower.state.history) return end('recheck')
    if (answer.found === null) return end(endIfGone)
    isCurrent = true
    const { idleLeftMs, leftMs } = answer.found
    timer = setTimeout(look, Math.min(idleLeftMs, leftMs, LONGEST_TIMER_MS) + 1, 'expired').unref()
  }

  function end(why: HoldEnd): void {
    release()
    onEnd(why)
  }

  function release(): void {
    clearTimeout(timer)
    connection.release()
  }

  return {
    mayDeliver: () => isCurrent && connection.open && follower.mayServe(performance.now()),
    release,
  }
}

/** Timers take 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 2
