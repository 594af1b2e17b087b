import type { Endings } from './coverage.js'
import { mayBeLost } from './lost-writes.js'
import type { Session, Story, Use } from './story.js'
import type { Violation } from './violation.js'

/**
 * Promise 3: what was signed off never comes back.
 *
 * - Refused once after its sign-off, a session is never served again: not by the same instance, and by no other
 *   one later than a bound after that.
 * - Between a block and its lifting nobody signs in.
 * - At the end no instance serves what was ended, and all of them say the same.
 */
export function final(story: Story, endings: ReadonlyMap<string, Endings>): Violation[] {
  const boundMs = Math.max(...story.endings.map((ending) => ending.boundMs ?? 0))
  const ended = [...story.sessions.values()].flatMap((session) => {
    const known = endings.get(session.name) ?? { certain: [], possible: [] }
    return [...cameBack(story, session, known, boundMs), ...served(session, known), ...atOdds(session)]
  })
  return [...ended, ...loginsDuringBlocks(story)]
}

function cameBack(story: Story, session: Session, known: Endings, boundMs: number): Violation[] {
  const { certain, possible } = known
  const [first] = [...certain, ...possible].sort((a, b) => a.start - b.start)
  // Refused although nothing ended it: that is promise 5's to say.
  if (first === undefined) return []
  const firstRefusal = new Map<string, Use>()
  let anyRefusal: Use | undefined
  const refusals = session.uses.filter(({ outcome, end }) => outcome === 'refused' && end > first.start)
  for (const use of refusals.sort((a, b) => a.end - b.end)) {
    anyRefusal ??= use
    if (!firstRefusal.has(use.instance)) firstRefusal.set(use.instance, use)
  }
  return session.uses
    .filter(({ outcome }) => outcome === 'accepted')
    .flatMap((use): Violation[] => {
      const here = firstRefusal.get(use.instance)
      const isBackHere = here !== undefined && use.start > here.end
      const isBackAnywhere = anyRefusal !== undefined && use.start > anyRefusal.end + boundMs
      const before = isBackHere ? here : isBackAnywhere ? anyRefusal : undefined
      if (before === undefined) return []
      // A sign-off that promised nothing may be undone by a failover.
      const isAnswered = certain.some(({ end }) => end < use.start)
      if (!isAnswered && mayBeLost(story.faults, { start: first.start, end: use.end })) return []
      const says = `${use.instance} served ${session.name} ${Math.round(use.start - before.end)} ms after ${before.instance} had refused it`
      return [{ promise: 3, check: 'came back', says, entries: [first.entry, before.entry, use.entry] }]
    })
}

function served(session: Session, { certain: [ending] }: Endings): Violation[] {
  if (ending === undefined) return []
  return session.uses
    .filter(({ final, outcome }) => final && outcome === 'accepted')
    .map((use): Violation => {
      const says = `at the end ${use.instance} serves ${session.name}, which ${ending.entry.id} ended`
      return { promise: 3, check: 'alive at the end', says, entries: [ending.entry, use.entry] }
    })
}

function atOdds({ name, uses }: Session): Violation[] {
  const last = uses.filter(({ final }) => final)
  const accepted = last.find(({ outcome }) => outcome === 'accepted')
  const refused = last.find(({ outcome }) => outcome === 'refused')
  if (accepted === undefined || refused === undefined) return []
  const says = `at the end ${accepted.instance} serves ${name} and ${refused.instance} refuses it`
  return [{ promise: 3, check: 'at odds', says, entries: [accepted.entry, refused.entry] }]
}

function loginsDuringBlocks({ logins, endings, unblocks }: Story): Violation[] {
  const blocks = endings.filter(
    ({ effect, entry }) => effect === 'recorded' && entry.op === 'sign-off' && entry.kind === 'block',
  )
  return blocks.flatMap((block) => {
    const lifts = unblocks.filter(
      ({ user, outcome, end }) => user === block.user && outcome !== 'refused' && end > block.start,
    )
    const liftedFrom = Math.min(...lifts.map(({ start }) => start))
    return logins
      .filter(({ user, outcome }) => user === block.user && outcome === 'created')
      .filter(({ returnedAt, end }) => returnedAt > block.end && end < liftedFrom)
      .map((login): Violation => {
        const says = `${login.user} signed in while blocked by ${block.entry.id}`
        return { promise: 3, check: 'login while blocked', says, entries: [block.entry, login] }
      })
  })
}
