import type { CurfewEvent } from '@curfew/contract'

/** What one request did. For the console alone. */
export interface RequestSteps {
  /** In the order of the log, the first on top, each once. */
  readonly events: readonly CurfewEvent[]
  /** There are older ones that are not here. */
  readonly isMore: boolean
}

/**
 * The steps of a request as the log has them, not by their times: services have clocks of their own, and more than one
 * step may fall into a millisecond.
 *
 * @param page what the log answered, newest first
 * @param heard what was heard since it was asked, in the order in which it was heard
 * @param most so many are kept: the newest
 */
export function requestSteps(
  page: { readonly events: readonly CurfewEvent[]; readonly isMore: boolean },
  heard: readonly CurfewEvent[],
  most: number,
): RequestSteps {
  const all = [...new Map([...page.events.toReversed(), ...heard].map((event) => [event.id, event])).values()]
  return { events: all.slice(-most), isMore: page.isMore || all.length > most }
}
