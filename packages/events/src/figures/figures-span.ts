import { parseInput, ServiceError } from '@curfew/service'
import { z } from 'zod'
import { moment, type Query, short, withoutEmpty } from '../log-query.js'
import type { TallySpan } from '../store/tally.js'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A step is one of these, or twice, four times… the last. */
const STEPS_SECONDS = [
  ...[1, 2, 5, 10, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7].map((days) => days * DAY),
]

/** As wide as a picture can show. */
const MOST_STEPS = 190

/**
 * Reads the parameters of `GET /events/figures`: without `to` until now, without `from` a day. Both are moved outwards
 * to where a step begins, in UTC.
 *
 * @throws {ServiceError} `invalid-input`, naming the parameter that is wrong
 */
export function parseFiguresQuery(query: Query, nowMs = Date.now()): TallySpan {
  const { to = nowMs, from = to - DAY * 1_000 } = parseInput(parameters, withoutEmpty(query))
  if (from >= to) throw new ServiceError('invalid-input', '“from” must be before “to”, and before now.')
  return spanOf(from / 1_000, to / 1_000)
}

const parameters = z.strictObject({ from: short.pipe(moment).optional(), to: short.pipe(moment).optional() })

function spanOf(from: number, to: number): TallySpan {
  const stepSeconds = stepFor(to - from)
  return {
    from: Math.floor(from / stepSeconds) * stepSeconds,
    to: Math.ceil(to / stepSeconds) * stepSeconds,
    stepSeconds,
  }
}

function stepFor(seconds: number): number {
  let step = STEPS_SECONDS.find((step) => seconds / step <= MOST_STEPS) ?? 7 * DAY
  while (seconds / step > MOST_STEPS) step *= 2
  return step
}
