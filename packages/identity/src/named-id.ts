import { createHash } from 'node:crypto'

/**
 * An id that is the same whoever makes it of the same name. Several identities may notice one fact, and each write
 * it; or one that has started again notices it anew. Whoever reads the log takes the second for what it is.
 *
 * @see RFC 9562 section 5.8, UUID version 8
 */
export function namedId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0b11) | 0b1000).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
