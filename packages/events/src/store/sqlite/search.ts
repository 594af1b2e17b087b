import { z } from 'zod'
import { matches } from '../../event-filter.js'
import { type Criteria, criteriaOf } from '../criteria.js'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { readStored } from '../event-facts.js'
import { hourOf } from '../hours.js'
import { MOST_SCANNED, type StoreQuery } from '../log-store.js'
import type { SqliteDatabase } from './schema.js'

/** Newest first. */
export interface FoundPage {
  readonly entries: EntryRow[]
  readonly next: number | null
}

/** How much one call looks through before it leaves the rest to the next one. */
export interface Effort {
  /** Up to this it is counted how many fit one condition; above, all are many. */
  readonly many: number
  /** Positions: where many fit each of several conditions, but perhaps none fits all. */
  readonly span: number
  /** Entries that are looked at one by one. */
  readonly scanned: number
  /** So many of those are read at a time. */
  readonly chunk: number
}

const EFFORT: Effort = { many: 2_000, span: 100_000, scanned: MOST_SCANNED, chunk: 500 }

/**
 * Searches from the newest to the oldest.
 *
 * The condition that fewest entries fit leads: its index hands them over in order. The others are checked on what
 * it finds, and `matches` has the last word.
 */
export function search(
  database: SqliteDatabase,
  { filter, before, after, limit }: StoreQuery,
  effort = EFFORT,
): FoundPage {
  const criteria = criteriaOf(filter)
  if (criteria.types?.length === 0) return { entries: [], next: null }
  const window = windowOf(database, criteria, before, after)
  if (window === null) return { entries: [], next: null }
  const lead = leadOf(database, criteria, window, effort)
  const { above } = lead
  const read = database.prepare(lead.sql)
  const found: EntryRow[] = []
  let { below } = window

  for (let scanned = 0; scanned < effort.scanned; ) {
    // All but the text is decided by the database.
    const count = Math.min(filter.text === undefined ? limit + 1 : effort.chunk, effort.scanned - scanned)
    const chunk = z.array(EntryRow).parse(read.all(...lead.parametersBelow(below, count)))
    for (const row of chunk) {
      const entry = readStored(row)
      if (entry === null || !matches(filter, entry.event)) continue
      // One more than asked for was looked for, to know whether there is a next page.
      if (found.length === limit) return { entries: found, next: found.at(-1)?.position ?? null }
      found.push(row)
    }
    below = chunk.at(-1)?.position ?? below
    scanned += chunk.length
    if (chunk.length < count) return { entries: found, next: above > window.above ? above + 1 : null }
  }
  return { entries: found, next: below }
}

/** Positions, both exclusive, between which everything lies that can fit. */
interface Window {
  readonly above: number
  readonly below: number
}

function windowOf(
  database: SqliteDatabase,
  { fromMs, toMs }: Criteria,
  before = Number.MAX_SAFE_INTEGER,
  after = 0,
): Window | null {
  const hours = database.prepare(
    `SELECT (SELECT max(position) FROM events) AS newest, min(first_position) AS first, max(last_position) AS last
     FROM hours WHERE hour BETWEEN ? AND ?`,
  )
  const row = hours.get(hourOf(fromMs ?? -FAR_MS), hourOf((toMs ?? FAR_MS) - 1))
  const { newest, first, last } = Span.parse(row)
  const below = Math.min(before, (newest ?? 0) + 1)
  if (fromMs === null && toMs === null) return { above: after, below }
  if (first === null || last === null) return null
  return { above: Math.max(after, first - 1), below: Math.min(below, last + 1) }
}

const Place = z.number().nullable()
const Span = z.object({ newest: Place, first: Place, last: Place })
/** The farthest moment that a date can name. */
const FAR_MS = 8_640_000_000_000_000

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

function leadOf(database: SqliteDatabase, criteria: Criteria, window: Window, { many, span }: Effort): Lead {
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
  { above, below }: Window,
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
