import { createHash } from 'node:crypto'

/*
 * The chain that makes a changed log evident. The hash of an entry is SHA-256 over these bytes, UTF-8:
 *
 *     <hash of the entry before, 64 hex digits in lower case>\n
 *     <position, decimal>\n
 *     <stream id>\n
 *     <JSON of the event, exactly as it is kept>
 *
 * Three line feeds, and none at the end. Before the first entry the hash is 64 zeros. Of what comes before the
 * JSON nothing can hold a line feed, so no two entries have the same bytes. In a shell:
 *
 *     printf '%s\n%s\n%s\n%s' "$before" "$position" "$streamId" "$json" | sha256sum
 */

/** A place in the chain: an entry's position, and its hash as 64 hex digits. */
export interface ChainPoint {
  readonly position: number
  readonly hash: string
}

/** What is linked. */
export interface Linkable {
  readonly streamId: string
  /** As it is kept: to parse it and to write it again may change its bytes. */
  readonly json: string
}

/** An entry as it was found, with what it says of its own place. */
export type Link = ChainPoint & Linkable

export const CHAIN_START: ChainPoint = { position: 0, hash: '0'.repeat(64) }

/** Where the chain ends with this entry, that follows `before`. */
export function linkAfter(before: ChainPoint, { streamId, json }: Linkable): ChainPoint {
  const position = before.position + 1
  const hash = createHash('sha256').update(`${before.hash}\n${position}\n${streamId}\n${json}`).digest('hex')
  return { position, hash }
}

/**
 * What is wrong at a position:
 *
 * - `hash`: the entry, or the one before it, is not what was written.
 * - `gap`: the entry that belongs there is missing.
 * - `order`: the entry that is there comes again, or too late, or where retention has left none.
 * - `facts`: the entry is whole, but what the filters look at says something else.
 * - `anchor`: it is not said where the chain begins, or that place lies behind its end.
 * - `end`: entries are missing that were there: the chain ends before the place where it is said to end.
 */
export type Break = 'hash' | 'gap' | 'order' | 'facts' | 'anchor' | 'end'

export interface Broken {
  readonly position: number
  readonly why: Break
}

/** Why `link` can't follow `before`; null when it does. */
export function breakBetween(before: ChainPoint, link: Link): Broken | null {
  const expected = linkAfter(before, link)
  if (link.position > expected.position) return { position: expected.position, why: 'gap' }
  if (link.position < expected.position) return { position: link.position, why: 'order' }
  return link.hash === expected.hash ? null : { position: link.position, why: 'hash' }
}
