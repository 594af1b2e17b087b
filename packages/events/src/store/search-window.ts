import { z } from 'zod'
import type { Criteria } from './criteria.js'
import { hourOf } from './hours.js'
import type { StoreQuery } from './log-store.js'

/** Positions, both exclusive, between which everything lies that can fit. */
export interface SearchWindow {
  readonly above: number
  readonly below: number
}

/** The hours in which everything lies that can fit, both inclusive. */
export function hoursOf({ fromMs, toMs }: Criteria): readonly [from: number, to: number] {
  return [hourOf(fromMs ?? -FAR_MS), hourOf((toMs ?? FAR_MS) - 1)]
}

/** The farthest moment that a date can name. */
const FAR_MS = 8_640_000_000_000_000

/**
 * What stands outside of the chain is none of the log: nobody has verified it.
 *
 * @param row of the database: the positions of the `anchor` and the `newest`, `first` and `last` one of the hours
 * @returns null when nothing can fit
 */
export function windowFrom(
  row: unknown,
  { fromMs, toMs }: Criteria,
  { before = Number.MAX_SAFE_INTEGER, after = 0 }: StoreQuery,
): SearchWindow | null {
  const { anchor, newest, first, last } = Span.parse(row)
  const above = Math.max(after, anchor)
  const below = Math.min(before, newest + 1)
  if (fromMs === null && toMs === null) return { above, below }
  if (first === null || last === null) return null
  return { above: Math.max(above, first - 1), below: Math.min(below, last + 1) }
}

const Place = z.coerce.number()
const Span = z.object({ anchor: Place, newest: Place, first: Place.nullable(), last: Place.nullable() })
