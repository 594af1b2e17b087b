import type { PoolClient } from 'pg'
import { z } from 'zod'
import { matches } from '../../event-filter.js'
import { type Criteria, criteriaOf } from '../criteria.js'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { readStored } from '../event-facts.js'
import { hourOf } from '../hours.js'
import { MOST_SCANNED, type StoredEntry, type StorePage, type StoreQuery } from '../log-store.js'
import { SCHEMA } from './schema.js'

/** So many are read at a time, to be looked at one by one. */
const CHUNK = 500
/** So many of the newest are looked through for words, before the index of words is asked. */
const NEAR = 20_000

/**
 * Searches from the newest to the oldest. What the planner chooses finds the candidates, and `matches` has the
 * last word.
 */
export async function search(
  client: PoolClient,
  { filter, before, after, limit }: StoreQuery,
): Promise<StorePage> {
  const criteria = criteriaOf(filter)
  const window = await windowOf(client, criteria, before, after)
  const found: StoredEntry[] = []
  let { below } = window

  for (let scanned = 0; scanned < MOST_SCANNED; ) {
    // All but the text is decided by the database.
    const count = Math.min(filter.text === undefined ? limit + 1 : CHUNK, MOST_SCANNED - scanned)
    const chunk = await readChunk(client, criteria, { ...window, below }, count)
    for (const row of chunk) {
      const entry = readStored(row)
      if (entry === null || !matches(filter, entry.event)) continue
      // One more than asked for was looked for, to know whether there is a next page.
      if (found.length === limit) return { entries: found, next: found.at(-1)?.position ?? null }
      found.push(entry)
    }
    below = chunk.at(-1)?.position ?? below
    scanned += chunk.length
    if (chunk.length < count) return { entries: found, next: null }
  }
  return { entries: found, next: below }
}

/** Positions, both exclusive, between which everything lies that can fit. */
interface Window {
  readonly above: number
  readonly below: number
}

async function windowOf(
  client: PoolClient,
  { fromMs, toMs }: Criteria,
  before = Number.MAX_SAFE_INTEGER,
  after = 0,
): Promise<Window> {
  const from = fromMs === null ? '' : `AND hour >= ${hourOf(fromMs)}`
  const to = toMs === null ? '' : `AND hour <= ${hourOf(toMs - 1)}`
  const { rows } = await client.query(
    `SELECT (SELECT newest_position FROM ${SCHEMA}.state) AS newest,
            min(first_position) AS first, max(last_position) AS last
     FROM ${SCHEMA}.hours WHERE true ${from} ${to}`,
  )
  const { newest, first, last } = Span.parse(rows[0])
  const below = Math.min(before, (newest ?? 0) + 1)
  if (fromMs === null && toMs === null) return { above: after, below }
  if (first === null || last === null) return { above: after, below: 0 }
  return { above: Math.max(after, first - 1), below: Math.min(below, last + 1) }
}

const Place = z.coerce.number().nullable()
const Span = z.object({ newest: Place, first: Place, last: Place })

/**
 * Words that are common are found soonest among the newest entries, and rare ones by their index, which can't
 * hand them over in order. Which they are is seen when it was tried.
 */
async function readChunk(
  client: PoolClient,
  criteria: Criteria,
  window: Window,
  count: number,
): Promise<EntryRow[]> {
  if (criteria.words.length === 0) return read(client, criteria, window, count, 'position')
  const nearest = Math.max(window.above, window.below - NEAR - 1)
  const near = await read(client, criteria, { ...window, above: nearest }, count, 'position')
  if (near.length === count || nearest === window.above) return near
  const rest = { ...window, below: nearest + 1 }
  return [...near, ...(await read(client, criteria, rest, count - near.length, 'position + 0'))]
}

async function read(
  client: PoolClient,
  { equal, types, fromMs, toMs, words }: Criteria,
  { above, below }: Window,
  count: number,
  order: string,
): Promise<EntryRow[]> {
  const values: Array<string | number> = []
  const bound = (value: string | number) => `$${values.push(value)}`
  const checks = [
    `position < ${bound(below)}`,
    `position > ${bound(above)}`,
    ...equal.map(({ column, value }) => `${column} = ${bound(value)}`),
    ...words.map((word) => `shown LIKE ${bound(`%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)}`),
    ...(fromMs === null ? [] : [`time_ms >= ${bound(fromMs)}`]),
    ...(toMs === null ? [] : [`time_ms < ${bound(toMs)}`]),
  ].join(' AND ')
  const limit = bound(count)
  // Each type by itself is in order in its index; all of them at once would have to be sorted.
  const selects = (types?.map((type) => `type = ${bound(type)}`) ?? ['true']).map(
    (ofType) =>
      `(SELECT position, stream_id, json FROM ${SCHEMA}.events
        WHERE ${checks} AND ${ofType} ORDER BY ${order} DESC LIMIT ${limit})`,
  )
  if (selects.length === 0) return []
  const { rows } = await client.query(
    `SELECT ${ENTRY_COLUMNS} FROM (${selects.join(' UNION ALL ')}) AS found ORDER BY position DESC LIMIT ${limit}`,
    values,
  )
  return z.array(EntryRow).parse(rows)
}
