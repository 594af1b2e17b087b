import { parseLoggedEvent } from '@curfew/contract'
import { isStreamId } from '../log-entries.js'
import { type Break, breakBetween, type ChainPoint, type Link } from './chain.js'
import { type EventFacts, factsOf, streamedMsOf } from './event-facts.js'
import type { Verified, VerifyOptions } from './log-store.js'

/** One consistent look at a store. */
export interface ChainLook {
  /** Null when the store does not say where its chain begins and ends. */
  readonly bounds: ChainBounds | null
  /** The entries after a position, oldest first. */
  readonly links: readonly Looked[]
}

/** An entry with all that is kept of it to find it by. */
interface Looked extends Link {
  readonly streamedMs: number
  readonly facts: EventFacts
  /** The places between which the hour of its time has its events; null where there is no such hour. */
  readonly hour: { readonly first: number | null; readonly last: number | null }
}

export interface ChainBounds {
  /** The last entry that was removed. */
  readonly anchor: ChainPoint
  readonly newest: ChainPoint
}

/** So few that what else this process has to do gets its turn between. */
const CHUNK = 200

/** Whoever writes behind the store's back may write anywhere. */
const BEFORE_ALL = Number.MIN_SAFE_INTEGER

export async function verifyChain(
  look: (after: number, count: number) => Promise<ChainLook>,
  { known, onProgress }: VerifyOptions = {},
): Promise<Verified> {
  let at: ChainPoint | null = null
  let checked = 0
  let isKnownFound = false
  const broken = (position: number, why: Break) => ({ ok: false, checked, position, why }) as const
  /** Whether this is not the place that was kept elsewhere, though it has its position. */
  const isAnother = (point: ChainPoint) => {
    if (point.position !== known?.position) return false
    isKnownFound = point.hash === known.hash
    return !isKnownFound
  }

  for (;;) {
    const { bounds, links } = await look(at?.position ?? BEFORE_ALL, CHUNK)
    if (bounds === null || bounds.anchor.position > bounds.newest.position) return broken(1, 'anchor')
    const { anchor, newest } = bounds
    if (at === null && isAnother(anchor)) return broken(anchor.position, 'hash')
    // Retention may overtake: what it has removed is not there to be checked, and must not be there.
    if (at === null || at.position < anchor.position) at = anchor

    for (const link of links) {
      const found = breakBetween(at, link)
      if (found !== null) return broken(found.position, found.why)
      if (isAnother(link)) return broken(link.position, 'hash')
      if (!hasItsFacts(link)) return broken(link.position, 'facts')
      at = { position: link.position, hash: link.hash }
      checked++
    }
    onProgress?.(checked, newest.position - anchor.position)
    if (links.length === CHUNK) continue

    if (at.position !== newest.position) return broken(Math.min(at.position, newest.position) + 1, 'end')
    if (at.hash !== newest.hash) return broken(at.position, 'hash')
    if (known !== undefined && known.position > at.position) return broken(at.position + 1, 'end')
    return { ok: true, checked, anchor, newest, isKnownFound }
  }
}

function hasItsFacts({ position, streamId, json, streamedMs, facts, hour }: Looked): boolean {
  const { first, last } = hour
  const isInHour = first !== null && last !== null && first <= position && position <= last
  if (facts.timeMs !== null && !isInHour) return false
  if (!isStreamId(streamId)) return false
  const event = parseLoggedEvent(json)
  // What is no event was checked by its hash.
  if (event === null) return true
  if (streamedMs !== streamedMsOf({ streamId, event })) return false
  const kept = new Map<string, unknown>(Object.entries(facts))
  return Object.entries(factsOf(event)).every(([name, value]) => kept.get(name) === value)
}
