import type { PoolClient } from 'pg'
import { z } from 'zod'
import { asksForNouns, type Criteria, criteriaOf } from '../criteria.js'
import { ENTRY_COLUMNS, EntryRow } from '../entry-row.js'
import { KeptTypes, keptTypesSql } from '../kept-types.js'
import type { StorePage, StoreQuery } from '../log-store.js'
import { collectPage } from '../page-collector.js'
import { EFFORT, type Effort } from '../search-effort.js'
import { hoursOf, type SearchWindow, windowFrom } from '../search-window.js'
import { SCHEMA } from './schema.js'

/** So many of the newest are looked through for words, before the index of words is asked. */
const NEAR = 20_000

/** Searches from the newest to the oldest. What the planner chooses finds the candidates. */
export async function search(client: PoolClient, query: StoreQuery, effort = EFFORT): Promise<StorePage> {
  const criteria = criteriaOf(query.filter, await readKeptTypes(client, query))
  const window = windowFrom(await readSpan(client, criteria), criteria, query)
  if (window === null || criteria.types?.length === 0) return { entries: [], next: null }
  const above = await reachOf(client, criteria, window, effort)
  const collector = collectPage(query, window, above, effort)
  for (;;) {
    const { below, count } = collector
    const page = collector.take(await readChunk(client, criteria, { above, below }, count))
    if (page !== null) return page
  }
}

async function readKeptTypes(client: PoolClient, { filter }: StoreQuery): Promise<string[]> {
  if (!asksForNouns(filter)) return []
  const { rows } = await client.query(keptTypesSql(`${SCHEMA}.events`))
  return KeptTypes.parse(rows)
}

async function readSpan(client: PoolClient, criteria: Criteria): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT anchor_position AS anchor, newest_position AS newest, first, last FROM ${SCHEMA}.state,
       (SELECT min(first_position) AS first, max(last_position) AS last
        FROM ${SCHEMA}.hours WHERE hour BETWEEN $1 AND $2) AS span`,
    [...hoursOf(criteria)],
  )
  return rows[0]
}

/**
 * The position down to which one call looks: not all the way where many entries fit each of several conditions, since
 * perhaps none fits all. Words have an index that finds what is rare, and need no end.
 */
async function reachOf(
  client: PoolClient,
  { equal, types, words }: Criteria,
  window: SearchWindow,
  { many, span }: Effort,
): Promise<number> {
  const conditions = [
    ...equal.map(({ column, value }) => ({ condition: `${column} = $4`, value })),
    ...(types === null ? [] : [{ condition: 'type = ANY ($4)', value: types }]),
  ]
  if (conditions.length < 2 || words.length > 0) return window.above
  for (const { condition, value } of conditions) {
    const { rows } = await client.query(
      `SELECT count(*) AS count FROM (
         SELECT 1 FROM ${SCHEMA}.events WHERE position > $1 AND position < $2 AND ${condition} LIMIT $3
       ) AS found`,
      [window.above, window.below, many, value],
    )
    if (Count.parse(rows[0]).count < many) return window.above
  }
  return Math.max(window.above, window.below - 1 - span)
}

const Count = z.object({ count: z.coerce.number() })

/**
 * Words that are common are found soonest among the newest entries, and rare ones by their index, which can't
 * hand them over in order. Which they are is seen when it was tried.
 */
async function readChunk(
  client: PoolClient,
  criteria: Criteria,
  window: SearchWindow,
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
  { above, below }: SearchWindow,
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
  const { rows } = await client.query(
    `SELECT ${ENTRY_COLUMNS} FROM (${selects.join(' UNION ALL ')}) AS found ORDER BY position DESC LIMIT ${limit}`,
    values,
  )
  return z.array(EntryRow).parse(rows)
}
