import { EVENT_TYPES, isRef, looksLikeEventType } from '@curfew/contract'
import { parseInput } from '@curfew/service'
import { z } from 'zod'
import { decodeCursor } from './cursors.js'
import type { EventFilter } from './event-filter.js'

/** How many events a page has, unless asked otherwise, and at most. */
const PAGE_SIZE = 50
const LARGEST_PAGE = 500

export interface PageQuery {
  readonly filter: EventFilter
  /** Positions, both exclusive. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly limit: number
}

export interface StreamQuery {
  readonly filter: EventFilter
  /** The position after which to begin. Undefined: with what happens from now on. */
  readonly since?: number | undefined
}

/** As Koa parses a query string: a name that is there more than once has several values. */
export type Query = Readonly<Record<string, string | string[] | undefined>>

/**
 * Reads the parameters of `GET /events`. An empty one is as good as none, since forms send those.
 *
 * @throws {ServiceError} `invalid-input`, naming the parameter that is wrong
 */
export function parsePageQuery(query: Query): PageQuery {
  const { before, after, limit, ...filter } = parseInput(pageParameters, withoutEmpty(query))
  return {
    filter: filterOf(filter),
    limit,
    before: before === undefined ? undefined : decodeCursor(before, 'before'),
    after: after === undefined ? undefined : decodeCursor(after, 'after'),
  }
}

/**
 * Reads the parameters of `GET /events/stream`. A browser that reconnects repeats the address of the
 * first time and adds the header, so the header is what counts.
 *
 * @throws {ServiceError} `invalid-input`, naming the parameter that is wrong
 */
export function parseStreamQuery(query: Query, lastEventId: string): StreamQuery {
  const { since, last_event_id, ...filter } = parseInput(streamParameters, withoutEmpty(query))
  const [name, cursor] =
    lastEventId !== ''
      ? ['Last-Event-ID', lastEventId]
      : last_event_id !== undefined
        ? ['last_event_id', last_event_id]
        : ['since', since]
  return { filter: filterOf(filter), since: cursor === undefined ? undefined : decodeCursor(cursor, name) }
}

export type ExportFormat = 'ndjson' | 'csv'

/**
 * Reads the parameters of `GET /events/export`.
 *
 * @throws {ServiceError} `invalid-input`, naming the parameter that is wrong
 */
export function parseExportQuery(query: Query): { filter: EventFilter; format: ExportFormat } {
  const { format, ...filter } = parseInput(exportParameters, withoutEmpty(query))
  return { filter: filterOf(filter), format }
}

/** The log may have types that only a newer version knows. */
const type = z
  .string()
  .refine(
    (value) => looksLikeEventType(value.replace(/\.\*$/, '.any')),
    `must be a type of event, or a noun and “.*”, such as ${EVENT_TYPES[1]} or session.*`,
  )

/** As every parameter is. */
export const short = z.string({ error: 'may be given only once' }).max(200)
/** A time or a day, as epoch milliseconds. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time such as 2027-03-01T12:00:00Z, or a day such as 2027-03-01',
  })
  .transform((value) => Date.parse(value))

/** `type` may be given several times, and each time several, separated by commas. */
const types = z.preprocess(
  (value) => [value].flat().flatMap((part) => (typeof part === 'string' ? part.split(',') : [])),
  z.array(type).max(50),
)

const filterParameters = {
  type: types.optional(),
  user: short.optional(),
  ref: short.refine(isRef, 'must be the ref of a session').optional(),
  service: short.optional(),
  actor: short.optional(),
  ip: short.optional(),
  reason: short.optional(),
  correlation_id: short.optional(),
  from: moment.optional(),
  to: moment.optional(),
  text: short.optional(),
}

const pageParameters = z.strictObject({
  ...filterParameters,
  before: short.optional(),
  after: short.optional(),
  limit: z.coerce
    .number({ error: `must be a number from 1 to ${LARGEST_PAGE}` })
    .int()
    .min(1)
    .max(LARGEST_PAGE)
    .default(PAGE_SIZE),
})

const streamParameters = z.strictObject({
  ...filterParameters,
  since: short.optional(),
  last_event_id: short.optional(),
})

const exportParameters = z.strictObject({
  ...filterParameters,
  format: z.enum(['ndjson', 'csv'], { error: 'must be ndjson or csv' }).default('ndjson'),
})

type FilterParameters = z.infer<z.ZodObject<typeof filterParameters>>

function filterOf({ type, correlation_id, ...same }: FilterParameters): EventFilter {
  return { ...same, types: type?.length ? type : undefined, correlationId: correlation_id }
}

/** Forms send what was left empty. */
export function withoutEmpty(query: Query): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''))
}
