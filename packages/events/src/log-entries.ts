import { type LoggedEvent, parseLoggedEvent } from '@curfew/contract'

/** An event as it is sent, and as it is kept. */
export interface ReadEntry {
  /** Of the Redis stream: `<milliseconds>-<number>`. */
  readonly streamId: string
  readonly event: LoggedEvent
  readonly json: string
}

/** As ioredis hands it over: the id, then fields and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** Reads an entry of the stream. Null when what it holds is no event; its type may be one of a newer version. */
export function parseEntry([streamId, fields]: StreamEntry): ReadEntry | null {
  const json = numbered(fieldOf(fields, 'event') ?? '', fieldOf(fields, 'sequence'))
  const event = parseLoggedEvent(json)
  return event && { streamId, event, json }
}

/** Its number is given by the script that writes the entry, after the event was made. */
function numbered(json: string, sequence: string | undefined): string {
  const event = sequence === undefined ? null : parseLoggedEvent(json)
  return event === null ? json : JSON.stringify({ ...event, sequence: Number(sequence) })
}

/** The stream id before the first one. */
export const BEFORE_THE_FIRST = '0-0'

/** Negative when `a` stands before `b` in the stream, 0 when they are the same place. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0
  const [first, second] = [partsOf(a), partsOf(b)]
  return compare(first.milliseconds, second.milliseconds) || compare(first.number, second.number)
}

/** The largest id that is smaller: what is read after it begins with this one, where that is there. */
export function idBefore(id: string): string {
  const { milliseconds, number } = partsOf(id)
  if (number > 0n) return `${milliseconds}-${number - 1n}`
  return milliseconds > 0n ? `${milliseconds - 1n}-${LARGEST_NUMBER}` : BEFORE_THE_FIRST
}

const LARGEST_NUMBER = 2n ** 64n - 1n

/** Whether it has the shape of an id of a Redis stream. */
export function isStreamId(text: string): boolean {
  return /^\d{1,20}-\d{1,20}$/.test(text)
}

/**
 * When Redis took an entry. Null where its id names no moment: Redis takes any that is larger than the last, and makes
 * those that follow from it. Epoch milliseconds.
 */
export function momentOf(id: string): number | null {
  const { milliseconds } = partsOf(id)
  return milliseconds <= LAST_MOMENT_MS ? Number(milliseconds) : null
}

/** The last one that a date can name. */
const LAST_MOMENT_MS = 8_640_000_000_000_000n

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
