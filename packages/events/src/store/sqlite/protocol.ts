import { z } from 'zod'
import { EntryRow } from '../entry-row.js'
import { TallyRows } from '../tally-row.js'

/*
 * What is asked of the worker that has the file, and what it answers. Both sides read what the other sends.
 */

const Position = z.number().int().nonnegative()
const Point = z.object({ position: Position, hash: z.string() })
const text = z.string().optional()

const Filter = z.object({
  types: z.array(z.string()).optional(),
  user: text,
  ref: text,
  service: text,
  actor: text,
  ip: text,
  reason: text,
  correlationId: text,
  from: z.number().optional(),
  to: z.number().optional(),
  text,
})

const Facts = z.object({
  eventId: z.string(),
  type: z.string(),
  source: z.string(),
  timeMs: z.number().nullable(),
  user: z.string().nullable(),
  ref: z.string().nullable(),
  actor: z.string().nullable(),
  ip: z.string().nullable(),
  reason: z.string().nullable(),
  correlationId: z.string().nullable(),
})

export const CALLS = {
  append: {
    ask: z.object({
      entries: z.array(z.object({ streamId: z.string(), json: z.string() })),
      upTo: z.string().optional(),
      after: z.string().optional(),
    }),
    answer: z.array(EntryRow).nullable(),
  },
  page: {
    ask: z.object({
      filter: Filter,
      before: Position.optional(),
      after: Position.optional(),
      limit: Position,
    }),
    answer: z.object({ entries: z.array(EntryRow), next: Position.nullable() }),
  },
  after: {
    ask: z.object({ position: Position, count: Position }),
    answer: z.array(EntryRow),
  },
  state: {
    ask: z.object({}),
    answer: z.object({
      cursor: z.string().nullable(),
      anchor: Point,
      newest: Point,
      secret: z.string(),
      bytes: z.number(),
      usedBytes: z.number(),
    }),
  },
  tally: {
    ask: z.object({ from: z.number().int(), to: z.number().int(), stepSeconds: Position }),
    answer: z.object(TallyRows),
  },
  sample: {
    ask: z.object({ atMs: z.number(), activeSessions: Position }),
    answer: z.null(),
  },
  prune: {
    ask: z.object({
      limits: z.object({
        olderThan: z.number().optional(),
        mostEntries: z.number().optional(),
        mostBytes: z.number().optional(),
      }),
      most: Position,
    }),
    answer: z.number(),
  },
  look: {
    ask: z.object({ after: z.number().int(), count: Position }),
    answer: z.object({
      bounds: z.object({ anchor: Point, newest: Point }).nullable(),
      links: z.array(
        z.object({
          position: z.number(),
          hash: z.string(),
          streamId: z.string(),
          streamedMs: z.number(),
          json: z.string(),
          hour: z.object({ first: z.number().nullable(), last: z.number().nullable() }),
          facts: Facts,
        }),
      ),
    }),
  },
  /** The worker ends, which is the answer. */
  close: { ask: z.object({}), answer: z.null() },
} as const

export type CallName = keyof typeof CALLS
export type Ask<Name extends CallName> = z.input<(typeof CALLS)[Name]['ask']>
export type Answer<Name extends CallName> = z.output<(typeof CALLS)[Name]['answer']>

/** How each answer is read. */
export const readAnswer: { readonly [Name in CallName]: (answer: unknown) => Answer<Name> } = {
  append: (answer) => CALLS.append.answer.parse(answer),
  page: (answer) => CALLS.page.answer.parse(answer),
  after: (answer) => CALLS.after.answer.parse(answer),
  state: (answer) => CALLS.state.answer.parse(answer),
  tally: (answer) => CALLS.tally.answer.parse(answer),
  sample: (answer) => CALLS.sample.answer.parse(answer),
  prune: (answer) => CALLS.prune.answer.parse(answer),
  look: (answer) => CALLS.look.answer.parse(answer),
  close: (answer) => CALLS.close.answer.parse(answer),
}

export const CallMessage = z.object({
  id: z.number(),
  name: z.enum(['append', 'page', 'after', 'state', 'tally', 'sample', 'prune', 'look', 'close']),
  ask: z.unknown(),
})

export const AnswerMessage = z.union([
  z.object({ id: z.number(), answer: z.unknown() }),
  z.object({ id: z.number(), error: z.string(), isMistake: z.boolean() }),
])

/** What a worker is started with. */
export const WorkerSettings = z.object({ file: z.string(), mayCreate: z.boolean() })
