import type { Endings } from './coverage.js'
import { mayHaveExpired } from './expiry.js'
import { mayBeForgotten, mayBeLost } from './lost-writes.js'
import type { Session, Story, Use } from './story.js'
import type { Violation } from './violation.js'

/**
 * Promise 5: an outage ends no session and deletes no cookie.
 *
 * - Nobody is told to sign in again, and no cookie is deleted, whose session nothing may have ended.
 * - What can't be answered is a 503 with `Retry-After`, and nothing else.
 * - When all is over every instance answers again, and serves every session that nothing may have ended.
 *
 * Excused are sessions that a failover or a restored copy may have lost (see lost-writes.ts), and that nobody used for so long that
 * they ended by themselves.
 */
export function noFalseLogout(story: Story, endings: ReadonlyMap<string, Endings>): Violation[] {
  const ofSessions = [...story.sessions.values()].flatMap((session) => {
    const { certain, possible } = endings.get(session.name) ?? { certain: [], possible: [] }
    const endedFrom = Math.min(...[...certain, ...possible].map(({ start }) => start))
    const { login } = session
    if (mayBeLost(story.faults, login) || mayBeForgotten(story.faults, login.start)) return []
    return [...turnedAway(session, endedFrom), ...deletedCookies(story, session, endings)]
  })
  return [...ofSessions, ...badAnswers(story), ...notWellAgain(story)]
}

function turnedAway(session: Session, endedFrom: number): Violation[] {
  const { name, uses } = session
  return uses
    .filter(({ outcome, end }) => outcome === 'refused' && end < endedFrom)
    .filter(({ end }) => !mayHaveExpired(session, end))
    .map(({ instance, entry }): Violation => {
      const says = `${instance} refused ${name}, which nothing had ended`
      return { promise: 5, check: 'refused alive', says, entries: [entry] }
    })
}

function deletedCookies(
  { logins }: Story,
  { name, uses }: Session,
  endings: ReadonlyMap<string, Endings>,
): Violation[] {
  const { certain, possible } = endings.get(name) ?? { certain: [], possible: [] }
  const answers = [...uses.map(({ entry }) => entry), ...logins.filter(({ replaces }) => replaces === name)]
  return answers
    .filter(({ cookieDeleted }) => cookieDeleted)
    .filter((answer) => {
      // An answer that promises nothing must not act as if it had.
      const isOver = [...certain, ...possible].some(
        ({ start, entry }) => start < answer.end && !(entry === answer && answer.status === 503),
      )
      return !isOver
    })
    .map((entry): Violation => {
      const says = `an answer deleted the cookie of ${name}, which nothing had ended`
      return { promise: 5, check: 'cookie deleted', says, entries: [entry] }
    })
}

function badAnswers({ entries }: Story): Violation[] {
  return entries.flatMap((entry): Violation[] => {
    if (!('status' in entry)) return []
    if (entry.status === 503 && !entry.retryAfter) {
      const says = `${entry.id} was answered 503 without Retry-After`
      return [{ promise: 5, check: '503 without Retry-After', says, entries: [entry] }]
    }
    if ('outcome' in entry && entry.outcome === 'unexpected') {
      const says = `${entry.id} was answered ${entry.status}`
      return [{ promise: 5, check: 'unexpected answer', says, entries: [entry] }]
    }
    return []
  })
}

function notWellAgain({ sessions, healedAt, entries }: Story): Violation[] {
  if (healedAt === null) {
    const says = 'not every instance answered again after the last fault was over'
    return [
      { promise: 5, check: 'not well again', says, entries: entries.filter(({ op }) => op === 'healed') },
    ]
  }
  return [...sessions.values()].flatMap(({ name, uses }) =>
    lastAnswers(uses)
      .filter(({ outcome }) => outcome !== 'accepted' && outcome !== 'refused')
      .map(({ instance, outcome, entry }): Violation => {
        const says = `at the end ${instance} answered ${outcome} to ${name}`
        return { promise: 5, check: 'not well again', says, entries: [entry] }
      }),
  )
}
/** Of each instance, when all was over: whoever is told to come again does so. */
function lastAnswers(uses: readonly Use[]): Use[] {
  const byInstance = new Map(uses.filter(({ final }) => final).map((use) => [use.instance, use]))
  return [...byInstance.values()]
}
