import type { EventType } from '@curfew/contract'
import { type BucketCount, percentileOf } from '../store/histogram.js'
import type { Tally, TallySpan } from '../store/tally.js'
import { largestOf } from './largest.js'

/** What the pictures of the dashboard show. Every list is as long as `at`. */
export interface Figures {
  /** ISO. What the steps cover: what was asked for, moved outwards to where a step begins. */
  readonly from: string
  readonly to: string
  readonly stepSeconds: number
  /** ISO. When each step begins. */
  readonly at: readonly string[]
  readonly logins: readonly number[]
  /** By type of event. */
  readonly failures: Readonly<Record<string, readonly number[]>>
  /** By reason, of those that there were: the eight largest, and `other reasons`. */
  readonly signOffs: Readonly<Record<string, readonly number[]>>
  /** How long sign-offs took to be confirmed, to 2 %. Null in a step without one. */
  readonly confirmation: {
    readonly count: readonly number[]
    readonly p50Ms: ReadonlyArray<number | null>
    readonly p99Ms: ReadonlyArray<number | null>
    /** Of all steps together. */
    readonly total: {
      readonly count: number
      readonly p50Ms: number | null
      readonly p99Ms: number | null
    }
  }
  /** The most sessions at a time, counted once a minute. Null in a step in which nobody counted. */
  readonly activeSessions: ReadonlyArray<number | null>
}

const FAILURES: readonly EventType[] = ['login.failed', 'token.revocation-failed']

export function figuresOf({ from, to, stepSeconds }: TallySpan, tally: Tally): Figures {
  const steps = Array.from({ length: (to - from) / stepSeconds }, (_, step) => step)
  const logins = steps.map(() => 0)
  const failures = new Map<string, number[]>(FAILURES.map((type) => [type, steps.map(() => 0)]))
  const signOffs = new Map<string, number[]>()
  for (const { step, type, reason, count } of tally.counts) {
    if (type === 'session.created') add(logins, step, count)
    const failed = failures.get(type)
    if (failed) add(failed, step, count)
    const why = whySignedOff(type, reason)
    if (why === null) continue
    const ofReason = signOffs.get(why) ?? steps.map(() => 0)
    add(ofReason, step, count)
    signOffs.set(why, ofReason)
  }

  const buckets = new Map<number, BucketCount[]>()
  for (const { step, ...bucket } of tally.confirmations) {
    buckets.set(step, [...(buckets.get(step) ?? []), bucket])
  }
  const most = new Map(tally.samples.map((sample) => [sample.step, sample.most]))
  const confirmed = steps.map((step) => summaryOf(buckets.get(step) ?? []))
  return {
    from: isoOf(from),
    to: isoOf(to),
    stepSeconds,
    at: steps.map((step) => isoOf(from + step * stepSeconds)),
    logins,
    failures: Object.fromEntries(failures),
    signOffs: Object.fromEntries(largestOf(signOffs)),
    confirmation: {
      count: confirmed.map(({ count }) => count),
      p50Ms: confirmed.map(({ p50Ms }) => p50Ms),
      p99Ms: confirmed.map(({ p99Ms }) => p99Ms),
      total: summaryOf(tally.confirmations),
    },
    activeSessions: steps.map((step) => most.get(step) ?? null),
  }
}

/** Null where it is none. What an admin writes is no reason of ours, and there is no end of them. */
function whySignedOff(type: string, reason: string): string | null {
  switch (type) {
    case 'session.revoked':
    case 'session.expired':
    case 'user.logged-out':
      return reason
    case 'user.blocked':
      return 'blocked'
    case 'everyone.logged-out':
      return 'everyone'
    default:
      return null
  }
}

function summaryOf(buckets: readonly BucketCount[]) {
  return {
    count: buckets.reduce((sum, { count }) => sum + count, 0),
    p50Ms: percentileOf(buckets, 50),
    p99Ms: percentileOf(buckets, 99),
  }
}

function add(counts: number[], step: number, count: number): void {
  counts[step] = (counts[step] ?? 0) + count
}

const isoOf = (seconds: number) => new Date(seconds * 1_000).toISOString()
