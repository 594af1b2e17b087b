import { createHash, randomBytes } from 'node:crypto'
import type { Partition } from './partition.js'

const RANDOM_BYTES = 32
const SESSION_ID = /^[A-Za-z0-9_-]{44}$/

/**
 * A session id: the value of the cookie, and the only secret a browser holds.
 *
 * One partition byte, then 256 random bits, base64url: 44 characters. Unsigned, since an unguessable
 * id needs no signature, so any language can join.
 */
export function randomSessionId(partition: Partition): string {
  return Buffer.concat([Buffer.of(partition), randomBytes(RANDOM_BYTES)]).toString('base64url')
}

/** Whether `value` has the form of a session id. Says nothing about whether such a session exists. */
export function isSessionId(value: string): boolean {
  return SESSION_ID.test(value)
}

/**
 * Names a session without being able to act for it: the partition byte and the SHA-256 of the cookie
 * value, base64url. Redis keys, events, logs, URLs and the console hold refs only, so reading them
 * never yields a cookie.
 *
 * @param sessionId the cookie's value; check it with {@link isSessionId} first
 */
export function refOf(sessionId: string): string {
  const partition = Buffer.from(sessionId.slice(0, 2), 'base64url').subarray(0, 1)
  return Buffer.concat([partition, createHash('sha256').update(sessionId).digest()]).toString('base64url')
}

/** Whether `value` has the form of a ref (which is that of a session id: 33 bytes, base64url). */
export function isRef(value: string): boolean {
  return SESSION_ID.test(value)
}
