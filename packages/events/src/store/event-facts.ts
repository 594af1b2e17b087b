import { createHash } from 'node:crypto'
import { type LoggedEvent, parseLoggedEvent } from '@curfew/contract'
import { shownOf } from '../event-filter.js'
import { isStreamId, momentOf } from '../log-entries.js'
import type { StoredEntry, StreamedEvent } from './log-store.js'

/** What filters ask of an event, as databases keep it: a column each. */
export interface EventFacts {
  /** By which an event is kept once: its source and its id, as CloudEvents says. */
  readonly eventId: string
  readonly type: string
  readonly source: string
  /** Epoch milliseconds; null when the event's time is none. */
  readonly timeMs: number | null
  readonly user: string | null
  readonly ref: string | null
  readonly actor: string | null
  readonly ip: string | null
  readonly reason: string | null
  readonly correlationId: string | null
}

export function factsOf(event: LoggedEvent): EventFacts {
  const { id, type, source, time, subject, data } = event
  const timeMs = Date.parse(time)
  return {
    eventId: `${comparable(source)} ${keyOf(id)}`,
    type,
    source: comparable(source),
    timeMs: Number.isNaN(timeMs) ? null : timeMs,
    user: textOf(subject),
    ref: textOf(data.ref),
    actor: textOf(data.actor),
    ip: textOf(data.ip),
    reason: textOf(data.reason),
    correlationId: textOf(data.correlationId),
  }
}

/** What a search for words looks in, as databases keep it. */
function storableShown(event: LoggedEvent): string {
  return storable(shownOf(event))
}

/** A value as databases compare it: not all of it where it is very long. */
export function comparable(value: string): string {
  return storable(value.slice(0, MOST_COMPARED))
}

/**
 * Text as every database takes it: PostgreSQL has no character 0, SQLite ends a text there, and half of a
 * surrogate pair has no UTF-8. Both sides of a comparison are made so; `matches` has the last word.
 */
export function storable(text: string): string {
  return text.replaceAll(UNSTORABLE, '\ufffd')
}

/** Nothing keeps the shape of `data` to what the contract says: a number fits no filter. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' ? comparable(value) : null
}

/** An id that can be a key; ours are UUIDs, and are their own. */
function keyOf(id: string): string {
  if (id.length <= MOST_COMPARED && storable(id) === id) return id
  return `sha256:${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`
}

/** An index of PostgreSQL holds no more than some 2,700 bytes of a value. Characters. */
const MOST_COMPARED = 400

// biome-ignore lint/suspicious/noControlCharactersInRegex: that one is meant
const UNSTORABLE = /[\u0000\p{Surrogate}]/gu

/** A row as a stored entry. Null when its JSON is no event: whoever writes behind the store's back may write anything. */
export function readStored(row: StreamedEvent & { readonly position: number }): StoredEntry | null {
  const event = parseLoggedEvent(row.json)
  return event && { position: row.position, streamId: row.streamId, json: row.json, event }
}

/** An entry that is to be appended, with all that is kept of it. */
export interface Appendable extends StreamedEvent {
  /** When Redis took it: see {@link streamedMsOf}. */
  readonly streamedMs: number
  readonly facts: EventFacts
  readonly shown: string
  /** How long a sign-off took to be confirmed, where the event says so. */
  readonly tookMs: number | null
}

/** @throws {TypeError} when it holds no event, or its stream id is none */
export function readAppendable({ streamId, json }: StreamedEvent): Appendable {
  const event = parseLoggedEvent(json)
  if (event === null) throw new TypeError(`entry ${streamId} holds no event`)
  if (!isStreamId(streamId)) throw new TypeError(`${JSON.stringify(streamId)} is no id of a Redis stream`)
  return {
    streamId,
    json,
    streamedMs: streamedMsOf({ streamId, event }),
    facts: factsOf(event),
    shown: storableShown(event),
    tookMs: confirmationMsOf(event),
  }
}

function confirmationMsOf({ type, data: { tookMs } }: LoggedEvent): number | null {
  return type === 'sign-off.confirmed' && typeof tookMs === 'number' && tookMs >= 0 ? tookMs : null
}

/**
 * When Redis took it, by its id; where that names no moment, when the event says that it happened, and not before 1970.
 * Epoch milliseconds.
 */
export function streamedMsOf({ streamId, event }: Pick<StoredEntry, 'streamId' | 'event'>): number {
  return momentOf(streamId) ?? Math.max(0, Date.parse(event.time))
}
