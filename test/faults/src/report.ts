import type { Verdict } from './checker/check.js'
import type { PromiseNumber, Violation } from './checker/violation.js'
import { PROMISES } from './checker/violation.js'
import type { Entry, SignOffEntry } from './history/entry.js'

/** What a run came to, in numbers. */
export interface Report {
  readonly seed: number
  readonly profile: string
  readonly leaseMs: number
  readonly seconds: number
  /** What could not be done on this machine, each a sentence. */
  readonly leftOut: readonly string[]
  readonly requests: Counts
  /** Requests and messages that came after the confirmation of their session's end: what promise 1 is about. */
  readonly asksAfterConfirmation: number
  readonly messages: number
  readonly excusedSessions: number
  readonly logins: Counts
  readonly signOffs: Counts
  readonly outcomes: Counts
  /** How sign-offs came to be confirmed: by every instance, or by a lease that ended; and what was not. */
  readonly confirmations: Counts
  readonly confirmationMs: { readonly p50: number; readonly p99: number; readonly worst: number }
  readonly boundMs: number
  readonly faults: Counts
  readonly violations: readonly Violation[]
}

export type Counts = Readonly<Record<string, number>>

type Facts = Pick<Report, 'seed' | 'profile' | 'leaseMs' | 'seconds' | 'leftOut'>

export function reportOn(
  facts: Facts,
  history: readonly Entry[],
  { asksAfterConfirmation, excusedSessions, violations }: Verdict,
): Report {
  const of = <Op extends Entry['op']>(op: Op) =>
    history.filter((entry): entry is Extract<Entry, { op: Op }> => entry.op === op)
  const signOffs = of('sign-off')
  const times = signOffs
    .filter(({ outcome }) => outcome === 'confirmed')
    .map(({ start, end }) => end - start)
    .sort((a, b) => a - b)
  const at = (part: number) =>
    Math.round(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0)
  return {
    ...facts,
    requests: count(of('request').map(({ outcome }) => outcome)),
    asksAfterConfirmation,
    excusedSessions,
    messages: of('message').length,
    logins: count(of('login').map(({ outcome }) => outcome)),
    signOffs: count(signOffs.map(({ kind }) => kind)),
    outcomes: count(signOffs.map(({ outcome }) => outcome)),
    confirmations: count(signOffs.flatMap(confirmationOf)),
    confirmationMs: { p50: at(0.5), p99: at(0.99), worst: at(1) },
    boundMs: Math.max(0, ...signOffs.map(({ receipt }) => receipt?.boundMs ?? 0)),
    faults: count(of('fault').map(({ kind }) => kind)),
    violations,
  }
}

/** The same for people. */
export function describe(report: Report): string {
  const { confirmationMs, violations } = report
  return [
    `seed ${report.seed}, profile ${report.profile}, ${report.seconds} s, lease ${report.leaseMs} ms`,
    ...report.leftOut.map((sentence) => `left out: ${sentence}`),
    `requests       ${list(report.requests)}; on streams ${report.messages} messages`,
    `               ${report.asksAfterConfirmation} of them after their session's end was confirmed`,
    `logins         ${list(report.logins)}; excused: ${report.excusedSessions} sessions that a failover may have lost`,
    `sign-offs      ${list(report.signOffs)}`,
    `answered       ${list(report.outcomes)}`,
    `confirmations  ${list(report.confirmations)}`,
    `confirmed in   p50 ${confirmationMs.p50} ms, p99 ${confirmationMs.p99} ms, worst ${confirmationMs.worst} ms; bound ${report.boundMs} ms`,
    `faults         ${list(report.faults)}`,
    `violations     ${violations.length}`,
    ...byCheck(violations).flatMap(describeSome),
  ].join('\n')
}

/** Of one kind. The rest is in the report's JSON. */
const MOST_SHOWN = 3

function byCheck(violations: readonly Violation[]): Violation[][] {
  const kinds = new Map<string, Violation[]>()
  for (const violation of violations) {
    const known = kinds.get(violation.check)
    if (known) known.push(violation)
    else kinds.set(violation.check, [violation])
  }
  return [...kinds.values()]
}

function describeSome(violations: readonly Violation[]): string[] {
  const more = violations.length - MOST_SHOWN
  const shown = violations.slice(0, MOST_SHOWN).map(describeViolation)
  return more > 0 ? [...shown, `  … and ${more} more of this kind`] : shown
}

export function describeViolation({ promise, check, says, entries }: Violation): string {
  const shown = entries.map((entry) => `      ${JSON.stringify(entry)}`)
  return [`  promise ${promise} (${titleOf(promise)}), ${check}: ${says}`, ...shown].join('\n')
}

const titleOf = (promise: PromiseNumber) => PROMISES[promise]

function confirmationOf({ outcome, receipt }: SignOffEntry): string[] {
  if (receipt === undefined) return []
  if (outcome === 'pending') return ['pending']
  return [receipt.lapsed > 0 ? 'lapsed' : 'applied']
}

function count(names: readonly string[]): Counts {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function list(counts: Counts): string {
  const parts = Object.entries(counts).sort(([, a], [, b]) => b - a)
  return parts.map(([name, number]) => `${number} ${name}`).join(', ') || 'none'
}
