import { ask } from '../ask.js'

/** As `GET /events/figures` answers. Every list is as long as `at`; a step without a sample is null. */
export interface Figures {
  readonly from: string
  readonly to: string
  readonly stepSeconds: number
  /** When each step begins. */
  readonly at: readonly string[]
  readonly logins: Numbers
  readonly failures: Readonly<Record<string, Numbers>>
  readonly signOffs: Readonly<Record<string, Numbers>>
  readonly confirmation: {
    readonly count: Numbers
    readonly p50Ms: Numbers
    readonly p99Ms: Numbers
    /** Of the whole span: it can't be had from the steps. */
    readonly total: {
      readonly count: number
      readonly p50Ms: number | null
      readonly p99Ms: number | null
    }
  }
  readonly activeSessions: Numbers
}

export type Numbers = readonly (number | null)[]

export const getFigures = (from: Date, to: Date) =>
  ask<Figures>(`/events/figures?${new URLSearchParams({ from: from.toISOString(), to: to.toISOString() })}`)
