import type { EventFilter } from '../../src/event-filter.js'

/** The fields of a filter that hold one text, by their names in an address (`GET /events` has the same). */
const TEXT_FIELDS = [
  ['text', 'text'],
  ['user', 'user'],
  ['actor', 'actor'],
  ['service', 'service'],
  ['reason', 'reason'],
  ['ip', 'ip'],
  ['ref', 'ref'],
  ['correlation_id', 'correlationId'],
] as const

/** Everything of an address that is a part of the filter. */
export const FILTER_NAMES = [...TEXT_FIELDS.map(([name]) => name), 'type', 'from', 'to'] as const

export type FilterName = (typeof FILTER_NAMES)[number]

/** Reads the filter out of an address. What can't be read is left out. */
export function filterOf(query: URLSearchParams): EventFilter {
  const texts = TEXT_FIELDS.map(([name, field]) => [field, query.get(name)?.trim() || undefined])
  const types = query.getAll('type').flatMap((value) => value.split(',').filter((type) => type !== ''))
  return {
    ...Object.fromEntries(texts),
    types: types.length === 0 ? undefined : types,
    from: momentOf(query.get('from')),
    to: momentOf(query.get('to')),
  }
}

/** The same filter as a query for `GET /events`. */
export function queryOf(filter: EventFilter): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, field] of TEXT_FIELDS) {
    const value = filter[field]
    if (value !== undefined) query.set(name, value)
  }
  for (const type of filter.types ?? []) query.append('type', type)
  if (filter.from !== undefined) query.set('from', new Date(filter.from).toISOString())
  if (filter.to !== undefined) query.set('to', new Date(filter.to).toISOString())
  return query
}

/** Whether it leaves anything out. */
export const isFiltered = (filter: EventFilter) => Object.values(filter).some((value) => value !== undefined)

/** What to say where nothing is. */
export function nothingOf(filter: EventFilter): string {
  return isFiltered(filter) ? 'Nothing here fits.' : 'Nothing has happened yet.'
}

/** Equal texts are the same filter. */
export const keyOf = (filter: EventFilter) => queryOf(filter).toString()

export function momentOf(text: string | null): number | undefined {
  const at = text === null ? Number.NaN : Date.parse(text)
  return Math.abs(at) < LAST_MS ? at : undefined
}

/** Of the times that a Date can hold. */
const LAST_MS = 8.64e15
