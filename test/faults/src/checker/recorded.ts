import type { LoggedEntry, SignOffEntry } from '../history/entry.js'
import { mayHaveExpired } from './expiry.js'
import { mayBeForgotten, mayBeLost } from './lost-writes.js'
import type { Session, Story } from './story.js'
import type { Violation } from './violation.js'

/**
 * Promise 4: a sign-off is in the event log if and only if it took effect.
 *
 * - One that was answered with a receipt is there, once; one that was answered as having nothing to end is not.
 * - Whatever the log says was ended is over, also where no answer came.
 * - What the log says nobody ended lives.
 */
export function recorded(story: Story): Violation[] {
  // A history in which nobody read the log says nothing about it.
  if (story.log.length === 0) return []
  return [...missing(story), ...unexpected(story), ...withoutEffect(story)]
}

function missing({ signOffs, log, faults }: Story): Violation[] {
  const times = new Map<string, number>()
  for (const { eventId } of log) times.set(eventId, (times.get(eventId) ?? 0) + 1)
  return signOffs.flatMap((entry): Violation[] => {
    if (entry.receipt === undefined || mayBeForgotten(faults, entry.start)) return []
    const count = times.get(entry.receipt.eventId) ?? 0
    if (count === 1) return []
    const says = `${entry.id} was answered with event ${entry.receipt.eventId}, which is in the log ${count} times`
    return [
      { promise: 4, check: count === 0 ? 'not in the log' : 'twice in the log', says, entries: [entry] },
    ]
  })
}

function unexpected({ signOffs, log }: Story): Violation[] {
  const refused = new Map(
    signOffs.filter(({ outcome }) => outcome === 'refused').map((entry) => [entry.id, entry]),
  )
  return log.flatMap((line): Violation[] => {
    const entry = refused.get(line.operation)
    if (entry === undefined) return []
    const says = `${entry.id} was answered ${entry.status}, and the log says that it happened`
    return [{ promise: 4, check: 'in the log without effect', says, entries: [entry, line] }]
  })
}

function withoutEffect(story: Story): Violation[] {
  const { log, sessions, signOffs } = story
  const byRef = new Map<string, LoggedEntry[]>()
  const byUser = new Map<string, LoggedEntry[]>()
  const ofEveryone = log.filter(({ type }) => type === 'everyone.logged-out')
  for (const line of log) {
    const [index, key] = line.ref === undefined ? [byUser, line.user] : [byRef, line.ref]
    const known = index.get(key)
    if (known) known.push(line)
    else index.set(key, [line])
  }
  const operations = new Map(signOffs.map((entry) => [entry.id, entry]))

  return [...sessions.values()].flatMap((session): Violation[] => {
    const own = byRef.get(session.ref) ?? []
    const began = own.find(({ type }) => type === 'session.created')
    const last = session.uses.filter(({ final }) => final)
    if (began === undefined || last.length === 0) return []
    const endedBy = [...own, ...(byUser.get(session.user) ?? []), ...ofEveryone].find(
      (line) => line.position > began.position && ends(line, session, operations),
    )
    const alive = last.find(({ outcome }) => outcome === 'accepted')
    const over = last.find(({ outcome }) => outcome === 'refused')
    if (endedBy !== undefined && alive !== undefined) {
      const says = `the log says that ${session.name} was ended, and ${alive.instance} serves it`
      return [{ promise: 4, check: 'in the log without effect', says, entries: [endedBy, alive.entry] }]
    }
    const isExcused =
      over !== undefined && (mayBeLost(story.faults, session.login) || mayHaveExpired(session, over.end))
    if (endedBy === undefined && over !== undefined && !isExcused) {
      const says = `the log says of no end of ${session.name}, and ${over.instance} refuses it`
      return [{ promise: 4, check: 'effect without the log', says, entries: [session.login, over.entry] }]
    }
    return []
  })
}

function ends(line: LoggedEntry, { name }: Session, operations: ReadonlyMap<string, SignOffEntry>): boolean {
  if (line.type === 'session.created') return false
  return operations.get(line.operation)?.except !== name
}
