import type { Endings } from './coverage.js'
import type { Ending, Story } from './story.js'
import type { Violation } from './violation.js'

/**
 * Promise 1: once a sign-off was answered as confirmed, no request that starts later is served under a session
 * that it covers, and no message of a stream is sent.
 */
export function confirmedMeansGone(story: Story, endings: ReadonlyMap<string, Endings>): Violation[] {
  const goneSince = confirmations(endings)
  const requests = [...story.sessions.values()].flatMap(({ name, ref, uses }) => {
    const gone = goneSince.get(name)
    return uses
      .filter(({ outcome }) => outcome === 'accepted')
      .flatMap(({ start, instance, entry }): Violation[] => {
        if (entry.op === 'request' && (entry.answeredRef ?? ref) !== ref) {
          const says = `${instance} served ${name} under somebody else's session`
          return [{ promise: 1, check: 'mixed up', says, entries: [entry] }]
        }
        if (gone === undefined || start <= gone.confirmedAt) return []
        const says = `${instance} served ${name} ${since(gone, start)}`
        return [{ promise: 1, check: 'served after confirmed', says, entries: [gone.entry, entry] }]
      })
  })
  const messages = story.messages.flatMap((message): Violation[] => {
    const gone = goneSince.get(message.session)
    if (gone === undefined || message.sentAt <= gone.confirmedAt) return []
    const says = `${message.instance} sent a message to ${message.session} ${since(gone, message.sentAt)}`
    return [{ promise: 1, check: 'message after confirmed', says, entries: [gone.entry, message] }]
  })
  return [...requests, ...messages]
}

/** How often the promise was put to the test: requests and messages after their session's end was confirmed. */
export function asksAfterConfirmation(story: Story, endings: ReadonlyMap<string, Endings>): number {
  const goneSince = confirmations(endings)
  const isLate = (session: string, moment: number) => {
    const gone = goneSince.get(session)
    return gone !== undefined && moment > gone.confirmedAt
  }
  const uses = [...story.sessions.values()].flatMap(({ name, uses }) =>
    uses.filter(({ start, outcome }) => outcome !== 'lost' && isLate(name, start)),
  )
  return uses.length + story.messages.filter(({ session, sentAt }) => isLate(session, sentAt)).length
}

type Confirmed = Ending & { confirmedAt: number }

/** The first confirmation of each session's end. */
function confirmations(endings: ReadonlyMap<string, Endings>): ReadonlyMap<string, Confirmed> {
  const first = new Map<string, Confirmed>()
  for (const [session, { certain }] of endings) {
    const [earliest] = certain.filter(isConfirmed).sort((a, b) => a.confirmedAt - b.confirmedAt)
    if (earliest) first.set(session, earliest)
  }
  return first
}

function isConfirmed(ending: Ending): ending is Confirmed {
  return ending.confirmedAt !== null
}

function since({ confirmedAt, entry }: Confirmed, moment: number): string {
  return `${Math.round(moment - confirmedAt)} ms after ${entry.id} was confirmed`
}
