import { follow, helloOf, judgeRead, mayServe } from '@curfew/guard/following'
import { coordinate, nextLook } from '@curfew/identity/dist/sign-off/coordinator.js'
import { waitForOthersMs } from '@curfew/identity/dist/sign-off/recovery.js'
import * as scripts from './redis.js'

/**
 * Everything that decides something: the reducers that ship, the mirrored scripts, and the few rules that are
 * carried out by adapters. A mutant is another one of these.
 */
export interface Rules {
  // @curfew/guard
  readonly follow: typeof follow
  readonly helloOf: typeof helloOf
  readonly mayServe: typeof mayServe
  readonly judgeRead: typeof judgeRead
  // @curfew/identity
  readonly coordinate: typeof coordinate
  readonly nextLook: typeof nextLook
  readonly waitForOthersMs: typeof waitForOthersMs
  // The scripts.
  readonly HELLO: typeof scripts.HELLO
  readonly ACKNOWLEDGE: typeof scripts.ACKNOWLEDGE
  readonly READ: typeof scripts.READ
  readonly END_SESSION: typeof scripts.END_SESSION
  readonly BLOCK: typeof scripts.BLOCK
  readonly WITNESS_HISTORY: typeof scripts.WITNESS_HISTORY
  readonly DROP_MEMBERS: typeof scripts.DROP_MEMBERS
  readonly RECORD_AGAIN: typeof scripts.RECORD_AGAIN
  readonly END_EVERYONE: typeof scripts.END_EVERYONE
  // The adapters.
  /** Whether sign-offs that are applied drop the session from memory. */
  readonly drops: (what: 'sign-off' | 'everything') => boolean
  /** Whether an instance acknowledges what it has heard and not applied yet. */
  readonly acknowledgesWhenHeard: boolean
  /** How many others must hold what was written, of those that are needed. */
  readonly holders: (needed: number) => number
  /** The answer of a repeated script on a connection that wrote nothing counts as durable at once. */
  readonly trustsWaitWithoutWrite: boolean
  /** What LIST_BLOCKED was answered before memory was emptied is not believed after it. */
  readonly aFlushOutdatesLists: boolean
  /** Who does not remember yet who is blocked knows of nothing, whatever it has applied. */
  readonly knowsWhatItRemembers: boolean
  /** What is overtaken by a new history is recorded again in it. */
  readonly recordsAgain: boolean
}

export const SHIPPED: Rules = {
  follow,
  helloOf,
  mayServe,
  judgeRead,
  coordinate,
  nextLook,
  waitForOthersMs,
  ...scripts,
  drops: () => true,
  acknowledgesWhenHeard: false,
  holders: (needed) => needed,
  trustsWaitWithoutWrite: false,
  aFlushOutdatesLists: true,
  knowsWhatItRemembers: true,
  recordsAgain: true,
}
