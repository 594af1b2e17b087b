import { type EventFilter, isOfType, wordsOf } from '../event-filter.js'
import { comparable, storable } from './event-facts.js'
import { MOST_TYPES } from './kept-types.js'

/** The columns that a filter compares with one value. */
const EQUAL_COLUMNS = {
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
  readonly types: readonly string[] | null
  /** Epoch milliseconds, the second exclusive. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Long enough for an index of three characters each. */
  readonly words: readonly string[]
}

export function criteriaOf(filter: EventFilter, keptTypes: readonly string[]): Criteria {
  const { from, to, text = '' } = filter
  return {
    equal: Object.entries(EQUAL_COLUMNS).flatMap(([name, column]) => {
      const value = nameOfEqual(name) ? filter[name] : undefined
      if (value === undefined) return []
      return [{ column, value: comparable(name === 'service' ? `/${value}` : value) }]
    }),
    types: typesOf(filter, keptTypes),
    fromMs: from ?? null,
    toMs: to ?? null,
    words: wordsOf(text).filter((word) => [...word].length >= TRIGRAM && storable(word) === word),
  }
}

/** Whether {@link criteriaOf} has to know which types there are. */
export function asksForNouns({ types }: EventFilter): boolean {
  return types?.some(isNoun) ?? false
}

function typesOf({ types }: EventFilter, keptTypes: readonly string[]): string[] | null {
  if (!types?.length) return null
  if (!types.some(isNoun)) return [...new Set(types)]
  if (keptTypes.length >= MOST_TYPES) return null
  return keptTypes.filter((type) => types.some((one) => isOfType(one, type)))
}

const isNoun = (pattern: string) => pattern.endsWith('.*')

const TRIGRAM = 3

function nameOfEqual(name: string): name is keyof typeof EQUAL_COLUMNS {
  return name in EQUAL_COLUMNS
}
