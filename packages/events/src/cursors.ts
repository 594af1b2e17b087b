import { ServiceError } from '@curfew/service'

/**
 * Names a place in the log. Opaque outside: base64url of a version byte and the position (64 bits, big-endian), so
 * that what a position is can change without anybody's parser breaking.
 */
export function encodeCursor(position: number): string {
  const bytes = Buffer.alloc(CURSOR_BYTES)
  bytes.writeUInt8(CURSOR_VERSION, 0)
  bytes.writeBigUInt64BE(BigInt(position), 1)
  return bytes.toString('base64url')
}

/**
 * The position that a cursor names.
 *
 * @param name of the parameter or header that it came in, for the error
 * @throws {ServiceError} `invalid-input` when it is none of ours
 */
export function decodeCursor(cursor: string, name: string): number {
  const bytes = Buffer.from(cursor, 'base64url')
  // Node skips what is not base64url, so only what encodes back to the same text is what it seems.
  const isOurs =
    bytes.length === CURSOR_BYTES &&
    bytes[0] === CURSOR_VERSION &&
    bytes.toString('base64url') === cursor &&
    bytes.readBigUInt64BE(1) <= BigInt(LAST_POSSIBLE)
  if (!isOurs) throw noCursor(name)
  return Number(bytes.readBigUInt64BE(1))
}

export function noCursor(name: string, options?: { readonly cause: unknown }): ServiceError {
  const sentence = `“${name}” is not a cursor of this log. Send one that it gave you.`
  return new ServiceError('invalid-input', sentence, {}, options)
}

/** No position is larger. */
export const LAST_POSSIBLE = Number.MAX_SAFE_INTEGER

/** 1 named ids of the Redis stream. */
const CURSOR_VERSION = 2
const CURSOR_BYTES = 9
