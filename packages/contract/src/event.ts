import { randomUUID } from 'node:crypto'
import type { CommonFacts, OtherFacts } from './facts.js'
import { isRecord, isString } from './shape.js'

/**
 * The vocabulary: every event of the system, and who writes it. Types are `noun.past-participle`;
 * why it happened is in `data.reason`. No event ever holds a cookie, a token or a secret.
 *
 * | type                      | written when                                                                  | by       |
 * | ------------------------- | ----------------------------------------------------------------------------- | -------- |
 * | `login.failed`            | a login came back from the provider and was not accepted                      | identity |
 * | `session.created`         | somebody finished signing in                                                  | identity |
 * | `session.revoked`         | one session was ended: by its owner, by an admin, by a new login in its place | identity |
 * | `session.expired`         | a session reached its idle or its absolute end                                | identity |
 * | `user.changed`            | the provider says another name, e-mail or other roles of a user than before   | identity |
 * | `user.logged-out`         | a user was signed off everywhere, or everywhere else                          | identity |
 * | `user.blocked`            | an admin blocked a user: out at once, and not let in again                    | identity |
 * | `user.unblocked`          | an admin lifted a block; no old session comes back                            | identity |
 * | `everyone.logged-out`     | Redis had lost sign-offs, so that every session from before was ended         | identity |
 * | `sign-off.confirmed`      | nobody can serve a request any more under what was signed off                 | identity |
 * | `token.revoked`           | the provider was told to revoke the tokens of an ended session                | identity |
 * | `token.revocation-failed` | the tokens live on: no retry revoked them, or nobody could read them          | identity |
 * | `instance.joined`         | an instance of a service began to follow the sign-offs                        | identity |
 * | `instance.left`           | an instance said goodbye: it was stopped                                      | identity |
 * | `instance.lost`           | an instance did not renew its lease: it crashed, hangs, or is cut off         | identity |
 * | `history.opened`          | Redis has another history: restarted, failed over, restored or emptied        | identity |
 * | `log.exported`            | an admin took a copy of the log; `filter` says of what                        | events   |
 * | `log.interrupted`         | facts are missing here, or may be: Redis had forgotten or lost them           | events   |
 * | `log.pruned`              | the oldest entries of the log were removed, as the settings say               | events   |
 * | `project.created`         | a project came to be                                                          | projects |
 * | `project.renamed`         | a project got another name; `before` and `after` tell                         | projects |
 * | `project.archived`        | a project was put away                                                        | projects |
 * | `project.restored`        | an archived project was taken up again                                        | projects |
 * | `project.deleted`         | a project was deleted                                                         | projects |
 */
export const EVENT_TYPES = [
  'login.failed',
  'session.created',
  'session.revoked',
  'session.expired',
  'user.changed',
  'user.logged-out',
  'user.blocked',
  'user.unblocked',
  'everyone.logged-out',
  'sign-off.confirmed',
  'token.revoked',
  'token.revocation-failed',
  'instance.joined',
  'instance.left',
  'instance.lost',
  'history.opened',
  'log.exported',
  'log.interrupted',
  'log.pruned',
  'project.created',
  'project.renamed',
  'project.archived',
  'project.restored',
  'project.deleted',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/**
 * The only service that may write events of this type, by name. Whoever acts on an event asks its `source`
 * too: a type alone says nothing.
 */
export function ownerOf(type: EventType): 'identity' | 'events' | 'projects' {
  if (type.startsWith('project.')) return 'projects'
  return type.startsWith('log.') ? 'events' : 'identity'
}

/**
 * A fact, as a CloudEvents 1.0 JSON object (structured mode). Once in the log it is never changed.
 *
 * `subject` is the id of the user the fact is about, or null where nobody is known (a failed login).
 */
export interface CurfewEvent extends LoggedEvent {
  readonly type: EventType
}

/** An event as the log has it: its type may be one that only a newer version knows. */
export interface LoggedEvent {
  readonly specversion: '1.0'
  /** Random, made by whoever writes the event. Background work and receivers deduplicate by it. */
  readonly id: string
  /** `/identity`, `/projects`…: the service that wrote it. */
  readonly source: string
  /** `noun.past-participle` */
  readonly type: string
  /** RFC 3339, UTC. */
  readonly time: string
  readonly subject: string | null
  /** Only on sign-offs: their number in the `signoffs` log. */
  readonly sequence?: number
  readonly data: EventData
}

/** What an event says, as the log has it: a newer version may say more than {@link OtherFacts}. */
export interface EventData extends CommonFacts {
  readonly [fact: string]: string | number | boolean | null | undefined
}

/** A new fact, with an id of its own. `source` is the service's name. */
export function createEvent(
  source: string,
  type: EventType,
  subject: string | null,
  data: CommonFacts & OtherFacts,
  now = new Date(),
): CurfewEvent {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/${source}`,
    type,
    time: now.toISOString(),
    subject,
    data: { ...data },
  }
}

/** Reads an event from the log. Null when it is not one, in every field that is described here. */
export function parseEvent(json: string): CurfewEvent | null {
  const event = parseLoggedEvent(json)
  return event !== null && isOfKnownType(event) ? event : null
}

/** Reads an event for whoever keeps or shows all of them: its type need only look like one. */
export function parseLoggedEvent(json: string): LoggedEvent | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  return isLoggedEvent(value) ? value : null
}

export function isOfKnownType(event: LoggedEvent): event is CurfewEvent {
  return EVENT_TYPES.some((type) => type === event.type)
}

/** Whether it is made as the types of events are. */
export function looksLikeEventType(text: string): boolean {
  return text.length <= LONGEST_TYPE && EVENT_TYPE.test(text)
}

const EVENT_TYPE = /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/
const LONGEST_TYPE = 100

function isLoggedEvent(value: unknown): value is LoggedEvent {
  return (
    isRecord(value) &&
    value['specversion'] === '1.0' &&
    isString(value['id']) &&
    isString(value['source']) &&
    isString(value['type']) &&
    looksLikeEventType(value['type']) &&
    isTime(value['time']) &&
    (value['subject'] === null || isString(value['subject'])) &&
    (value['sequence'] === undefined || Number.isSafeInteger(value['sequence'])) &&
    isEventData(value['data'])
  )
}

/** Whoever shows events formats it: one that is none would fail there, for everybody who looks. */
function isTime(value: unknown): boolean {
  return isString(value) && RFC_3339.test(value) && !Number.isNaN(Date.parse(value))
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

function isEventData(value: unknown): value is EventData {
  return (
    isRecord(value) &&
    (value['actor'] === null || isString(value['actor'])) &&
    TEXTS.every((name) => value[name] === undefined || isString(value[name])) &&
    Object.values(value).every(isScalar)
  )
}

const TEXTS = [
  'subjectName',
  'actorName',
  'ref',
  'reason',
  'provider',
  'ip',
  'userAgent',
  'correlationId',
  'before',
  'after',
] as const satisfies ReadonlyArray<keyof CommonFacts>

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
