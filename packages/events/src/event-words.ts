import type { EventType, LoggedEvent } from '@curfew/contract'

/*
 * An event as a person reads it: “Ada Admin” “blocked Vito Viewer”. Shared by the console and by the
 * service, so that a text search finds what the page shows. Nothing of the DOM and nothing of Node is in it.
 */

/** Who did it, to be followed by {@link whatHappened}. */
export function whoDidIt({ type, subject, data }: LoggedEvent): string {
  // Nobody signed in did it; but the provider may have said who it was.
  if (data.actor === null) return data.subjectName ?? 'Somebody'
  // Of a confirmation the actor is who had asked for it.
  if (data.actor === 'system' || type === 'sign-off.confirmed') return 'Curfew'
  return data.actorName ?? (data.actor === subject ? data.subjectName : undefined) ?? `User ${data.actor}`
}

/** What they did, as the rest of a sentence without a full stop. */
export function whatHappened(event: LoggedEvent): string {
  return WORDS.get(event.type)?.(event) ?? `did what is new to this version: ${event.type}`
}

/** The person whom the event is about. */
function whomItIsAbout({ subject, data }: LoggedEvent): string {
  return data.subjectName ?? (subject === null ? 'nobody we know' : `user ${subject}`)
}

/** Why it happened, where the sentence does not say it already. */
export function whyItHappened({ data }: LoggedEvent): string | undefined {
  if (data.reason === undefined || SAID.has(data.reason)) return undefined
  return REASONS.get(data.reason) ?? data.reason
}

/** Who did it to whom says as much. */
const SAID = new Set([
  'logged-out',
  'revoked',
  'everywhere',
  'others',
  'admin',
  'replaced',
  'stream-replaced',
])

/** Reasons that are codes. What else stands there, an admin has written. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['idle', 'unused for too long'],
  ['absolute', 'longest time reached'],
  ['unreadable', 'they could not be read'],
  ['provider', 'the provider did not take it'],
  ['access-denied', 'declined at the provider'],
  ['user-blocked', 'is blocked'],
  ['login-superseded', 'signed off meanwhile'],
])

const SENTENCES: Readonly<Record<EventType, (event: LoggedEvent) => string>> = {
  'login.failed': ({ data }) => `could not sign in${data.provider ? ` with ${data.provider}` : ''}`,
  'session.created': ({ data }) => `signed in${data.provider ? ` with ${data.provider}` : ''}`,
  'session.revoked': (event) => {
    if (!isOwn(event)) return `ended a session of ${whomItIsAbout(event)}`
    if (event.data.reason === 'revoked') return 'ended another of their sessions'
    if (event.data.reason === 'replaced') return 'signed in anew, in place of an earlier session'
    return 'signed out'
  },
  'session.expired': (event) => `ended a session of ${whomItIsAbout(event)} whose time was over`,
  'user.logged-out': (event) => {
    if (!isOwn(event)) return `signed ${whomItIsAbout(event)} off everywhere`
    return event.data.reason === 'others' ? 'signed out everywhere else' : 'signed out everywhere'
  },
  'user.blocked': (event) => `blocked ${whomItIsAbout(event)}`,
  'everyone.logged-out': () => 'signed everybody off, since Redis had lost sign-offs',
  'user.unblocked': (event) => `unblocked ${whomItIsAbout(event)}`,
  'user.changed': (event) => `noted of ${whomItIsAbout(event)} what the provider says now${changeOf(event)}`,
  'instance.joined': (event) => `saw ${instanceOf(event)} join`,
  'instance.left': (event) => `saw ${instanceOf(event)} leave`,
  'instance.lost': (event) => `has not heard from ${instanceOf(event)} for too long`,
  'history.opened': ({ data }) =>
    data.before === undefined
      ? 'met this history of Redis for the first time'
      : 'met another history of Redis: it was restarted, failed over, or restored',
  'log.exported': () => 'exported the event log',
  'sign-off.confirmed': (event) => `confirmed that ${whomItIsAbout(event)} is signed off`,
  'token.revoked': (event) => `had the provider revoke the tokens of ${whomItIsAbout(event)}`,
  'token.revocation-failed': (event) => `could not have the tokens of ${whomItIsAbout(event)} revoked`,
  'project.created': (event) => `created the project ${projectName(event)}`,
  'project.renamed': ({ data }) => `renamed the project ${quoted(data.before)} to ${quoted(data.after)}`,
  'project.archived': (event) => `archived the project ${projectName(event)}`,
  'project.restored': (event) => `took up the project ${projectName(event)} again`,
  'project.deleted': (event) => `deleted the project ${projectName(event)}`,
  'log.interrupted': ({ data }) =>
    data.reason === 'stream-replaced'
      ? 'may have lost facts here: Redis lost the log’s stream, and has another one'
      : 'lost facts here: Redis had forgotten them before they were kept',
  'log.pruned': ({ data }) => `removed the ${entriesIn(data['entries'])} of the log`,
}

const WORDS: ReadonlyMap<string, (event: LoggedEvent) => string> = new Map(Object.entries(SENTENCES))

function changeOf({ data }: LoggedEvent): string {
  if (data.before === undefined || data.after === undefined) return ''
  return `: ${String(data['field'] ?? '')} ${quoted(data.before || 'none')} to ${quoted(data.after || 'none')}`
}

function instanceOf({ data }: LoggedEvent): string {
  return typeof data['instance'] === 'string' ? `the instance ${data['instance']}` : 'an instance'
}

function isOwn({ subject, data }: LoggedEvent): boolean {
  return data.actor === subject
}

function projectName({ data }: LoggedEvent): string {
  return quoted(data['name'] ?? data.after ?? data.before ?? data['project'])
}

function entriesIn(count: unknown): string {
  if (typeof count !== 'number') return 'oldest entries'
  return count === 1 ? 'oldest entry' : `${count} oldest entries`
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `“${value}”` : '(without a name)'
}
