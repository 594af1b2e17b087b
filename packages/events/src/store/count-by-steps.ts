import type { Appendable } from './event-facts.js'
import { bucketOf } from './histogram.js'
import type { TallySpan } from './tally.js'

/*
 * What is counted while it is appended, so that a picture of a year is drawn from some thousand rows instead of from
 * all events. Each count is kept by steps of several lengths; whoever asks for longer ones adds them up.
 */

/** How long the steps are by which is counted. Each is a multiple of the one before. Seconds. */
export const KEPT_STEPS = [60, 600, 3_600, 86_400] as const

/** The longest of the kept steps that make up this one. */
export function keptStepOf({ stepSeconds }: TallySpan): number {
  const fitting = KEPT_STEPS.filter((kept) => stepSeconds % kept === 0)
  const longest = fitting.at(-1)
  if (longest === undefined) throw new TypeError('a step is a multiple of a minute')
  return longest
}

/** The steps in which a moment lies, one of each length. */
export function stepsAt(timeMs: number): Array<{ stepSeconds: number; at: number }> {
  return KEPT_STEPS.map((stepSeconds) => ({ stepSeconds, at: beginOf(timeMs / 1_000, stepSeconds) }))
}

export interface CountRow {
  readonly stepSeconds: number
  /** When the step begins. Seconds since the epoch. */
  readonly at: number
  readonly type: string
  readonly reason: string
  readonly count: number
}

export interface ConfirmationsRow {
  readonly stepSeconds: number
  readonly at: number
  readonly bucket: number
  readonly count: number
}

/** What entries add to what is counted. */
export function talliesOf(entries: readonly Appendable[]): {
  counts: CountRow[]
  confirmations: ConfirmationsRow[]
} {
  const counts = new Map<string, CountRow>()
  const confirmations = new Map<string, ConfirmationsRow>()
  for (const { facts, tookMs } of entries) {
    if (facts.timeMs === null) continue
    for (const step of stepsAt(facts.timeMs)) {
      count(counts, { ...step, type: facts.type, reason: facts.reason ?? '' })
      if (tookMs !== null) count(confirmations, { ...step, bucket: bucketOf(tookMs) })
    }
  }
  return { counts: [...counts.values()], confirmations: [...confirmations.values()] }
}

function count<Row extends object>(rows: Map<string, Row & { readonly count: number }>, row: Row): void {
  const key = Object.values(row).join('\n')
  rows.set(key, { ...row, count: (rows.get(key)?.count ?? 0) + 1 })
}

function beginOf(seconds: number, stepSeconds: number): number {
  return Math.floor(seconds / stepSeconds) * stepSeconds
}
