import { z } from 'zod'
import { asksForNouns, type Criteria, criteriaOf } from '../criteria.js'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { KeptTypes, keptTypesSql } from '../kept-types.js'
import type { StorePage, StoreQuery } from '../log-store.js'
import { collectPage } from '../page-collector.js'
import { EFFORT, type Effort } from '../search-effort.js'
import { hoursOf, type SearchWindow, windowFrom } from '../search-window.js'
import type { SqliteDatabase } from './schema.js'

/**
 * Searches from the newest to the oldest.
 *
 * The condition that fewest entries fit leads: its index hands them over in order. The others are checked on what
 * it finds.
 */
export function search(database: SqliteDatabase, query: StoreQuery, effort = EFFORT): StorePage {
  const keptTypes = asksForNouns(query.filter) ? database.prepare(keptTypesSql('events')).all() : []
  const criteria = criteriaOf(query.filter, KeptTypes.parse(keptTypes))
  const window = windowFrom(readSpan(database, criteria), criteria, query)
  if (window === null || criteria.types?.length === 0) return { entries: [], next: null }
  const lead = leadOf(database, criteria, window, effort)
  const read = database.prepare(lead.sql)
  const collector = collectPage(query, window, lead.above, effort)
  for (;;) {
    const rows = read.all(...lead.parametersBelow(collector.below, collector.count))
    const page = collector.take(z.array(EntryRow).parse(rows))
    if (page !== null) return page
  }
}

function readSpan(database: SqliteDatabase, criteria: Criteria): unknown {
  const hours = database.prepare(
    `SELECT anchor_position AS anchor, newest_position AS newest, first, last FROM state,
       (SELECT min(first_position) AS first, max(last_position) AS last FROM hours WHERE hour BETWEEN ? AND ?)`,
  )
  return hours.get(...hoursOf(criteria))
}

/** libsql binds a number as a real one, and the index of words would not know where to begin. */
type Value = string | number | bigint

interface Lead {
  readonly sql: string
  /** The position down to which it looks. */
  readonly above: number
  parametersBelow(position: number, count: number): Value[]
}

/** A condition that has an index of its own: where that finds entries, and the place of each. */
interface Condition {
  readonly from: string
  readonly value?: Value
  readonly place: 'position' | 'events_shown.rowid'
}

const ANYTHING: Condition = { from: 'events WHERE true', place: 'position' }

function leadOf(
  database: SqliteDatabase,
  criteria: Criteria,
  window: SearchWindow,
  { many, span }: Effort,
): Lead {
  const conditions = conditionsOf(criteria)
  const counts = conditions.map((alternatives) =>
    conditions.length === 1 ? 0 : countOf(database, alternatives, window, many),
  )
  const fewest = Math.min(...counts)
  const lead = conditions[counts.indexOf(fewest)] ?? [ANYTHING]
  const above =
    conditions.length > 1 && fewest >= many ? Math.max(window.above, window.below - 1 - span) : window.above
  const checks = checksOf(criteria)
  const selects = lead.map(
    ({ from, place }) =>
      `SELECT ${ENTRY_COLUMNS} FROM ${from} AND ${place} < ? AND ${place} > ? ${checks.sql}`,
  )
  const order = lead.length === 1 ? lead[0]?.place : 'position'
  return {
    above,
    sql: `${selects.join(' UNION ALL ')} ORDER BY ${order} DESC LIMIT ?`,
    parametersBelow: (position, count) => [
      ...lead.flatMap((one) => [...valuesOf(one), BigInt(position), BigInt(above), ...checks.values]),
      BigInt(count),
    ],
  }
}

/** Each with its alternatives, of which no entry fits more than one. */
function conditionsOf({ equal, types, words }: Criteria): Condition[][] {
  const conditions = equal.map(({ column, value }) => [
    { from: `events INDEXED BY events_by_${column} WHERE ${column} = ?`, value, place: 'position' } as const,
  ])
  const ofTypes = types?.map((type) => {
    return {
      from: 'events INDEXED BY events_by_type WHERE type = ?',
      value: type,
      place: 'position',
    } as const
  })
  const phrases = words.map((word) => `"${word.replaceAll('"', '""')}"`).join(' AND ')
  const ofWords = {
    from: 'events_shown CROSS JOIN events ON position = events_shown.rowid WHERE events_shown MATCH ?',
    value: phrases,
    place: 'events_shown.rowid',
  } as const
  return [...conditions, ...(ofTypes ? [ofTypes] : []), ...(words.length > 0 ? [[ofWords]] : [])]
}

function countOf(
  database: SqliteDatabase,
  alternatives: readonly Condition[],
  { above, below }: SearchWindow,
  many: number,
): number {
  let total = 0
  for (const one of alternatives) {
    const { from, place } = one
    const some = `SELECT 1 FROM ${from} AND ${place} < ? AND ${place} > ? LIMIT ${many}`
    const row = database
      .prepare(`SELECT count(*) AS count FROM (${some})`)
      .get(...valuesOf(one), BigInt(below), BigInt(above))
    total += Count.parse(row).count
    if (total >= many) break
  }
  return total
}

const valuesOf = ({ value }: Condition): Value[] => (value === undefined ? [] : [value])

const Count = z.object({ count: z.number() })

/** Everything that the database can check on an entry. */
function checksOf({ equal, types, fromMs, toMs }: Criteria): { sql: string; values: Value[] } {
  const checks: Array<readonly [string, ...Value[]]> = equal.map(({ column, value }) => [
    `${column} = ?`,
    value,
  ])
  if (types !== null) checks.push([`type IN (${types.map(() => '?').join(', ')})`, ...types])
  if (fromMs !== null) checks.push(['time_ms >= ?', fromMs])
  if (toMs !== null) checks.push(['time_ms < ?', toMs])
  return {
    sql: checks.map(([sql]) => `AND ${sql}`).join(' '),
    values: checks.flatMap(([, ...values]) => values),
  }
}
