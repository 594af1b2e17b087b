import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Seals text so that identity alone can read it, and only in the place for which it was sealed. */
export interface Seal {
  /** @param place what the text belongs to, a session's ref for instance: it opens nowhere else */
  seal(text: string, place: string): string
  /** @throws {SealBroken} when it was changed, or belongs elsewhere; {SealUnknown} when it takes another key or version */
  open(sealed: string, place: string): string
}

/** What was sealed can't be read. */
export class SealBroken extends Error {
  override readonly name: string = 'SealBroken'
}

/**
 * What was sealed can't be read here, but perhaps by another identity: a newer one, or one that has the key. While they
 * are updated one by one, or get a new key, both kinds meet the same tokens.
 */
export class SealUnknown extends SealBroken {
  override readonly name = 'SealUnknown'
}

const VERSION = 1
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM under a key ring: the first key seals, all of them open, so that keys are rotated by
 * putting a new one in front. A sealed text is `version, key id, nonce, tag, ciphertext`, base64url.
 *
 * @param ring keys of 32 bytes
 */
export function createSeal(ring: readonly Buffer[]): Seal {
  const keys = ring.map((bytes) => ({ id: keyIdOf(bytes), bytes: bytes.subarray(0, 32) }))
  const [first] = keys
  if (first === undefined) throw new TypeError('a seal needs at least one key')

  return {
    seal(text, place) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first.bytes, nonce).setAAD(Buffer.from(place))
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      const parts = [Buffer.of(VERSION), first.id, nonce, cipher.getAuthTag(), ciphertext]
      return Buffer.concat(parts).toString('base64url')
    },

    open(sealed, place) {
      const bytes = Buffer.from(sealed, 'base64url')
      const [version, keyId, nonce, tag, ciphertext] = split(bytes, [1, KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES])
      if (Number(version?.[0]) > VERSION) throw new SealUnknown('sealed by a newer version, or not by us')
      if (version?.[0] !== VERSION || !keyId || !nonce || !tag || !ciphertext)
        throw new SealBroken('not sealed by us')
      const key = keys.find(({ id }) => id.equals(keyId))
      if (key === undefined) throw new SealUnknown('sealed with a key that is not in TOKEN_KEYS')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(place)).setAuthTag(tag)
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new SealBroken('changed, or sealed for another place', { cause })
      }
    },
  }
}

function keyIdOf(key: Buffer): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES)
}

/** Parts of the given lengths, and the rest. */
function split(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0
  const parts = lengths.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
  return [...parts, bytes.subarray(at)]
}
