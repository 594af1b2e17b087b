import type { SessionRecord, SignOff } from '@curfew/contract'
import { covers } from './held-connections.js'

/**
 * The newest sign-offs that were applied here: who asks for a session's signal late learns at once that
 * it was signed off between the decision and the question, and why.
 *
 * What is not in here says nothing: it was too long ago, or memory was emptied.
 */
export interface RecentSignOffs {
  add(signOff: SignOff): void
  /** Why the session was signed off, if that is known. */
  reasonFor(session: SessionRecord): SignOff['reason'] | undefined
  /** Another history may give the same generations again. */
  clear(): void
}

export function createRecentSignOffs(most = 1_000): RecentSignOffs {
  let kept: SignOff[] = []

  return {
    add(signOff) {
      kept.push(signOff)
      // Cut in halves, so that most additions move nothing.
      if (kept.length > most) kept = kept.slice(-Math.ceil(most / 2))
    },
    reasonFor: (session) => kept.findLast(({ target }) => covers(target, session))?.reason,
    clear() {
      kept = []
    },
  }
}
