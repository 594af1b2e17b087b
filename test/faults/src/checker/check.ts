import type { Entry } from '../history/entry.js'
import { bounded } from './bounded.js'
import { asksAfterConfirmation, confirmedMeansGone } from './confirmed-means-gone.js'
import { endingsOf } from './coverage.js'
import { final } from './final.js'
import { mayBeLost } from './lost-writes.js'
import { noFalseLogout } from './no-false-logout.js'
import { recorded } from './recorded.js'
import { tell } from './story.js'
import type { Violation } from './violation.js'

export interface Verdict {
  readonly violations: readonly Violation[]
  readonly asksAfterConfirmation: number
  /** Sessions that a failover may have lost: nothing is said of them by promise 5. */
  readonly excusedSessions: number
}

/** Decides each promise from what was done and seen. Knows nothing of how anything is built. */
export function check(history: readonly Entry[]): Verdict {
  const story = tell(history)
  const endings = endingsOf(story)
  return {
    violations: [
      ...confirmedMeansGone(story, endings),
      ...bounded(story, endings),
      ...final(story, endings),
      ...recorded(story),
      ...noFalseLogout(story, endings),
    ],
    asksAfterConfirmation: asksAfterConfirmation(story, endings),
    excusedSessions: [...story.sessions.values()].filter(({ login }) => mayBeLost(story.faults, login))
      .length,
  }
}
