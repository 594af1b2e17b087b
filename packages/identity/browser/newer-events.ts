import type { OwnEvent } from '@curfew/contract'

/*
 * What to do with the newest page of one's own events, when older ones are shown already. Nothing of the DOM and
 * nothing of Node is in it.
 */

export interface NewerEvents {
  /** What is not shown yet, newest first. */
  readonly fresh: readonly OwnEvent[]
  /** Whether it comes right after what is shown. Otherwise there may be some between, and the list begins anew. */
  readonly adjoins: boolean
}

export function newerEvents(newest: readonly OwnEvent[], shown: ReadonlySet<string>): NewerEvents {
  const fresh = newest.filter(({ id }) => !shown.has(id))
  return { fresh, adjoins: fresh.length === 0 || fresh.length < newest.length }
}
