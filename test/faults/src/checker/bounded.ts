import type { Endings } from './coverage.js'
import type { Ending, Story } from './story.js'
import type { Violation } from './violation.js'

/**
 * What the way to identity and back may take, and its timers, on two cores that run a dozen processes and
 * start some of them anew. It only tells when the answer came: who is served after a bound is checked without.
 * Milliseconds.
 */
const WAY_MS = 2_000

/**
 * Promise 2: with a live Redis a sign-off that was recorded is confirmed within the bound that its answer named;
 * and so long after that answer nobody is served under it, confirmed or not, whatever happens.
 *
 * Excused is only the time of the answer, and only while Redis, or the instance of identity that gives it, was being hit.
 */
export function bounded(story: Story, endings: ReadonlyMap<string, Endings>): Violation[] {
  return [
    ...story.endings.flatMap((ending) => lateConfirmation(story, ending)),
    ...lateService(story, endings),
  ]
}

function lateConfirmation(story: Story, ending: Ending): Violation[] {
  const { start, confirmedAt, boundMs, entry } = ending
  if (boundMs === null) return []
  const { promisedBoundMs = boundMs } = story
  const dueAt = start + promisedBoundMs + WAY_MS
  if (isExcused(story, ending, dueAt)) return []
  if (boundMs > promisedBoundMs + WAY_MS) {
    const says = `the answer to ${entry.id} named ${boundMs} ms, and ${promisedBoundMs} ms were promised`
    return [{ promise: 2, check: 'too long a bound', says, entries: [entry] }]
  }
  if (confirmedAt !== null && confirmedAt <= start + boundMs + WAY_MS) return []
  const when =
    confirmedAt === null ? 'never confirmed' : `confirmed after ${Math.round(confirmedAt - start)} ms`
  const says = `${entry.id} was ${when}, and its answer named ${boundMs} ms`
  return [{ promise: 2, check: 'confirmed late', says, entries: [entry] }]
}

function isExcused({ faults }: Story, { start, entry }: Ending, end: number): boolean {
  const asked = entry.op === 'sign-off' ? entry.instance : undefined
  return faults.some(
    (fault) =>
      fault.start <= end &&
      fault.end >= start &&
      fault.hit.some((victim) => victim === 'redis' || victim === asked),
  )
}

function lateService({ sessions }: Story, endings: ReadonlyMap<string, Endings>): Violation[] {
  return [...sessions.values()].flatMap(({ name, uses }) => {
    const { certain = [] } = endings.get(name) ?? {}
    const over = certain
      .flatMap((ending) =>
        ending.boundMs === null ? [] : [{ ...ending, overAt: ending.end + ending.boundMs }],
      )
      .sort((a, b) => a.overAt - b.overAt)[0]
    if (over === undefined) return []
    return uses
      .filter(({ outcome, start }) => outcome === 'accepted' && start > over.overAt)
      .map(({ start, instance, entry }): Violation => {
        const says = `${instance} served ${name} ${Math.round(start - over.overAt)} ms after the bound of ${over.entry.id}`
        return { promise: 2, check: 'served after the bound', says, entries: [over.entry, entry] }
      })
  })
}
