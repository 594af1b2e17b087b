import { type CurfewEvent, parseEvent } from '@curfew/contract'
import { ServiceError } from '@curfew/service'

/** One entry of the log: an event, and where it stands. */
export interface LogEntry {
  /** Of the Redis stream: `<milliseconds>-<number>`. Outside this service it is a cursor. */
  readonly id: string
  readonly event: CurfewEvent
  /** The event as it is sent. */
  readonly json: string
}

/** As ioredis hands it over: the id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** Reads an entry of the stream. Null when what it holds is not an event that this version knows. */
export function parseEntry([id, fields]: StreamEntry): LogEntry | null {
  const json = fieldOf(fields, 'event') ?? ''
  const event = parseEvent(json)
  if (event === null) return null
  // Its number is given by the script that writes the entry, after the event was made.
  const sequence = fieldOf(fields, 'sequence')
  if (sequence === undefined) return { id, event, json }
  const numbered = { ...event, sequence: Number(sequence) }
  return { id, event: numbered, json: JSON.stringify(numbered) }
}

/** Entries as they are when there is no entry: before the first one. */
export const BEFORE_THE_FIRST = '0-0'

/** The largest id that Redis can give: two numbers of 64 bits. */
export const LAST_POSSIBLE = '18446744073709551615-18446744073709551615'

/**
 * Names a place in the log. Opaque outside: base64url of a version byte and the stream id (two 64-bit
 * numbers), so that where the log lives can change without anybody's parser breaking.
 */
export function encodeCursor(id: string): string {
  const { milliseconds, number } = partsOf(id)
  const bytes = Buffer.alloc(CURSOR_BYTES)
  bytes.writeUInt8(CURSOR_VERSION, 0)
  bytes.writeBigUInt64BE(milliseconds, 1)
  bytes.writeBigUInt64BE(number, 9)
  return bytes.toString('base64url')
}

/**
 * The stream id that a cursor names.
 *
 * @param name of the parameter or header that it came in, for the error
 * @throws {ServiceError} `invalid-input` when it is none of ours
 */
export function decodeCursor(cursor: string, name: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  // Node skips what is not base64url, so only what encodes back to the same text is what it seems.
  if (
    bytes.length !== CURSOR_BYTES ||
    bytes[0] !== CURSOR_VERSION ||
    bytes.toString('base64url') !== cursor
  ) {
    throw new ServiceError(
      'invalid-input',
      `“${name}” is not a cursor of this log. Send one that it gave you.`,
    )
  }
  return `${bytes.readBigUInt64BE(1)}-${bytes.readBigUInt64BE(9)}`
}

/** Negative when `a` stands before `b` in the log, 0 when they are the same place. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0
  const [first, second] = [partsOf(a), partsOf(b)]
  return compare(first.milliseconds, second.milliseconds) || compare(first.number, second.number)
}

const CURSOR_VERSION = 1
const CURSOR_BYTES = 17

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]
  return undefined
}

function partsOf(id: string): { milliseconds: bigint; number: bigint } {
  const dash = id.indexOf('-')
  return { milliseconds: BigInt(id.slice(0, dash)), number: BigInt(id.slice(dash + 1)) }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
