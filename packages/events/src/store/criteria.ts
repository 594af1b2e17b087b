import { EVENT_TYPES, type EventType } from '@curfew/contract'
import { type EventFilter, isOfType, wordsOf } from '../event-filter.js'
import { comparable, storable } from './event-facts.js'

/** The columns that a filter compares with one value. */
export const EQUAL_COLUMNS = {
  correlationId: 'correlation_id',
  ref: 'ref',
  ip: 'ip',
  user: 'user_id',
  actor: 'actor',
  reason: 'reason',
  service: 'source',
} as const

export type EqualColumn = (typeof EQUAL_COLUMNS)[keyof typeof EQUAL_COLUMNS]

/**
 * A filter as a database can look for it. It lets through all that the filter lets through, and perhaps more:
 * what the filter means is decided by `matches` alone.
 */
export interface Criteria {
  readonly equal: ReadonlyArray<{ readonly column: EqualColumn; readonly value: string }>
  /** Any of these; null: whichever. */
  readonly types: readonly EventType[] | null
  /** Epoch milliseconds, the second exclusive. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Long enough for an index of three characters each. */
  readonly words: readonly string[]
}

export function criteriaOf(filter: EventFilter): Criteria {
  const { types, from, to, text = '' } = filter
  return {
    equal: Object.entries(EQUAL_COLUMNS).flatMap(([name, column]) => {
      const value = nameOfEqual(name) ? filter[name] : undefined
      if (value === undefined) return []
      return [{ column, value: comparable(name === 'service' ? `/${value}` : value) }]
    }),
    types: types?.length ? EVENT_TYPES.filter((type) => types.some((one) => isOfType(one, type))) : null,
    fromMs: from ?? null,
    toMs: to ?? null,
    words: wordsOf(text).filter((word) => [...word].length >= TRIGRAM && storable(word) === word),
  }
}

const TRIGRAM = 3

function nameOfEqual(name: string): name is keyof typeof EQUAL_COLUMNS {
  return name in EQUAL_COLUMNS
}
