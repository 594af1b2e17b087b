import type { CurfewEvent } from '@curfew/contract'
import type { EventFilter } from '../../src/event-filter.js'
import { type Answer, ask } from '../ask.js'
import { queryOf } from './log-filter.js'

/** As `GET /events` answers. */
export interface LogPage {
  /** Newest first. */
  readonly events: readonly CurfewEvent[]
  readonly next: string | null
  readonly position: string
}

/** The newest that fit, or those before a cursor. */
export function askForPage(
  filter: EventFilter,
  { before, limit }: { readonly before?: string; readonly limit: number },
): Promise<Answer<LogPage>> {
  const query = queryOf(filter)
  query.set('limit', String(limit))
  if (before !== undefined) query.set('before', before)
  return ask(`/events?${query}`)
}

/**
 * Everything that fits, up to `most`, newest first: page after page.
 *
 * @returns the events, and whether there are more
 */
export async function askForAll(
  filter: EventFilter,
  most: number,
): Promise<
  Answer<{ readonly events: readonly CurfewEvent[]; readonly isMore: boolean; readonly position: string }>
> {
  const events: CurfewEvent[] = []
  let before: string | undefined
  let position = ''
  for (;;) {
    const limit = Math.min(LARGEST_PAGE, most - events.length)
    const answer = await askForPage(filter, before === undefined ? { limit } : { before, limit })
    if (!answer.ok) return answer
    const { body } = answer
    events.push(...body.events)
    position ||= body.position
    if (body.next === null) return { ...answer, body: { events, isMore: false, position } }
    if (events.length >= most) return { ...answer, body: { events, isMore: true, position } }
    before = body.next
  }
}

/** The service gives no more at once. */
export const LARGEST_PAGE = 500

/** An event that is not on the page, by its id; undefined when there is none. */
export async function findEvent(id: string): Promise<Answer<CurfewEvent | undefined>> {
  const answer = await askForPage({ text: id }, { limit: 20 })
  return answer.ok ? { ...answer, body: answer.body.events.find((event) => event.id === id) } : answer
}
