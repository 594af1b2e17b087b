import { createEvent, type EventData, type LoggedEvent } from '@curfew/contract'
import type { LogStore, StreamedEvent } from '../../store/log-store.js'

/** A store of a test's own. */
export interface GivenStore extends AsyncDisposable {
  readonly store: LogStore
  /** Opens the same log once more, as after a restart. The first one stays open. */
  again(): Promise<LogStore>
  /** Runs SQL behind the store's back; `?` is not understood. */
  tamper(sql: string): Promise<void>
  /** Bytes, from hex digits, as its SQL spells them. */
  bytes(hex: string): string
}

/** When the first ones were written. */
export const START_MS = Date.parse('2027-03-01T12:00:00Z')

export interface GivenEvent {
  readonly id?: string
  /** Also one that this version does not know. */
  readonly type?: string
  readonly source?: string
  readonly subject?: string | null
  readonly data?: EventData
  readonly timeMs?: number
}

/** The entry with this number, written so many seconds after the start. */
export function givenEntry(n: number, given: GivenEvent = {}): StreamedEvent & { event: LoggedEvent } {
  const { id = `event-${n}`, type = 'session.created', source = 'identity', subject = 'ada' } = given
  const { data = { actor: 'ada' }, timeMs = START_MS + n * 1_000 } = given
  const event = { ...createEvent(source, 'session.created', subject, data, new Date(timeMs)), type, id }
  return { streamId: `${START_MS + n * 1_000}-0`, event, json: JSON.stringify(event) }
}

export function givenEntries(count: number, given: (n: number) => GivenEvent = () => ({})) {
  return Array.from({ length: count }, (_, index) => givenEntry(index + 1, given(index + 1)))
}

/** Appends them as one batch. */
export function appendAll(store: LogStore, entries: readonly StreamedEvent[]) {
  return store.append({ entries, upTo: entries.at(-1)?.streamId ?? '0-0' })
}

export const positionsOf = (entries: ReadonlyArray<{ readonly position: number }>) =>
  entries.map(({ position }) => position)
