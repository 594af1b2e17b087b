import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { decodeCursor, encodeCursor, noCursor } from './cursors.js'

/*
 * Cursors for people who may not see the log: a position would tell them how much happens to everybody together. So it
 * is sealed by the secret of the log, for one user alone: base64url of nonce, tag and ciphertext, AES-256-GCM.
 */

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Each time another one, also for the same position. */
export function sealCursor(position: number, userId: string, secret: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce).setAAD(Buffer.from(userId))
  const ciphertext = Buffer.concat([cipher.update(encodeCursor(position)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url')
}

/**
 * @param name of the parameter that it came in, for the error
 * @throws {ServiceError} `invalid-input` when it was not made here, for this user
 */
export function openCursor(sealed: string, userId: string, secret: string, name: string): number {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) throw noCursor(name)
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv(CIPHER, keyOf(secret), nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(userId)).setAuthTag(tag)
  return decodeCursor(opened(decipher, bytes.subarray(NONCE_BYTES + TAG_BYTES), name), name)
}

function opened(decipher: ReturnType<typeof createDecipheriv>, ciphertext: Buffer, name: string): string {
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()
  } catch (cause) {
    throw noCursor(name, { cause })
  }
}

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(`cursors ${secret}`).digest()
}
