import type { SessionRecord } from '@curfew/contract'
import type { Follower } from './follower.js'
import type { HoldEnd } from './held-connections.js'
import { type HoldOptions, holdConnection } from './hold.js'
import type { RecentSignOffs } from './recent-sign-offs.js'
import { SessionEnded } from './session-ended.js'

/** Tells work in flight that its session has ended. */
export interface SessionSignal {
  /** Aborted with a {@link SessionEnded}, in the same step in which memory is dropped. */
  readonly signal: AbortSignal
  /** The work is done. What happens to its session from now on is not told any more. */
  release(): void
}

export interface SessionSignalOptions extends HoldOptions {
  readonly follower: Pick<Follower, 'mayServe' | 'sayHello' | 'state' | 'onSignOff'>
  readonly recent: RecentSignOffs
  /** How long it may take to look a session up; shorter than a flush waits for its hooks. Milliseconds. */
  readonly lookMs: number
}

/**
 * A signal that lives as long as the session: a hold whose end aborts it. Other than a connection,
 * which its client opens anew, work outlives the emptying of memory, if Redis still has the session.
 */
export function signalSession(options: SessionSignalOptions, session: SessionRecord): SessionSignal {
  const { cache, follower, recent, lookMs } = options
  const controller = new AbortController()

  const signedOff = cache.entryOf(session) ? undefined : recent.reasonFor(session)
  if (signedOff !== undefined) {
    controller.abort(new SessionEnded(signedOff))
    return { signal: controller.signal, release: () => undefined }
  }
  /** What waits until it is known whether the session is valid, or nobody wants to know any more. */
  const waiting: Array<() => void> = []
  let tooLate: NodeJS.Timeout | undefined
  let hold = watch()

  function watch() {
    const { flushes } = follower.state
    const watched = holdConnection(options, session, (end) => {
      // A guard that is closed follows nothing, and looks nothing up.
      if (end === 'recheck' && follower.state.flushes > flushes) watchAnew()
      else giveUp(end)
    })
    // Of a look that memory was emptied under, nothing is to be waited for.
    clearTimeout(tooLate)
    if (watched.firstLook === null) return watched
    tooLate = setTimeout(() => {
      watched.release()
      giveUp('recheck')
    }, lookMs).unref()
    void watched.firstLook.finally(() => {
      if (hold === watched) settle()
    })
    return watched
  }

  /** Called while memory is emptied: what was missed may cover the session, so acknowledging it waits. */
  function watchAnew(): void {
    hold = watch()
    if (hold.firstLook === null) settle()
    else waiting.push(follower.onSignOff(() => new Promise((resolve) => waiting.push(resolve))))
  }

  function giveUp(end: HoldEnd): void {
    controller.abort(new SessionEnded(end))
    settle()
  }

  function settle(): void {
    clearTimeout(tooLate)
    for (const done of waiting.splice(0)) done()
  }

  return {
    signal: controller.signal,
    release() {
      hold.release()
      settle()
    },
  }
}
