import type { LoggedEvent } from '@curfew/contract'
import { whatHappened, whoDidIt, whyItHappened } from './event-words.js'

/** Which events somebody wants to see. All that is said must fit; what is not said fits all. */
export interface EventFilter {
  /** Any of these. `session.*` means every type of that noun. */
  readonly types?: readonly string[] | undefined
  /** The user it is about, by id. */
  readonly user?: string | undefined
  readonly ref?: string | undefined
  /** The service that wrote it, without the slash of `source`. */
  readonly service?: string | undefined
  readonly actor?: string | undefined
  /** The address that it was done from, whole. */
  readonly ip?: string | undefined
  readonly reason?: string | undefined
  readonly correlationId?: string | undefined
  /** Not earlier than this. Epoch milliseconds. */
  readonly from?: number | undefined
  /** Earlier than this. Epoch milliseconds. */
  readonly to?: number | undefined
  /** Words, each of which is somewhere in what is shown of the event, in whatever case. */
  readonly text?: string | undefined
}

/** Shared by the service, for what it sends, and by the console, for what came before the filter was set. */
export function matches(filter: EventFilter, event: LoggedEvent): boolean {
  const { types, user, ref, service, actor, ip, reason, correlationId, from, to, text } = filter
  return (
    (types === undefined || types.length === 0 || types.some((pattern) => isOfType(pattern, event.type))) &&
    (user === undefined || event.subject === user) &&
    (ref === undefined || event.data.ref === ref) &&
    (service === undefined || event.source === `/${service}`) &&
    (actor === undefined || event.data.actor === actor) &&
    (ip === undefined || event.data.ip === ip) &&
    (reason === undefined || event.data.reason === reason) &&
    (correlationId === undefined || event.data.correlationId === correlationId) &&
    (from === undefined || Date.parse(event.time) >= from) &&
    (to === undefined || Date.parse(event.time) < to) &&
    (text === undefined || hasWords(event, text))
  )
}

/** Whether a type is the one of `types`, or of its noun. */
export function isOfType(pattern: string, type: string): boolean {
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

/** The words of a search, each of which has to be found. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** What a search looks in: all that is shown of an event, in lower case. */
export function shownOf(event: LoggedEvent): string {
  return [
    event.type,
    event.source,
    event.time,
    event.id,
    event.subject,
    event.sequence,
    whoDidIt(event),
    whatHappened(event),
    whyItHappened(event),
    ...Object.values(event.data),
  ]
    .join('\n')
    .toLowerCase()
}

function hasWords(event: LoggedEvent, text: string): boolean {
  const shown = shownOf(event)
  return wordsOf(text).every((word) => shown.includes(word))
}
