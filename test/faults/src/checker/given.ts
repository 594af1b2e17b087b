import type {
  Answered,
  Entry,
  FaultEntry,
  LoggedEntry,
  LoginEntry,
  MessageEntry,
  RequestEntry,
  SignOffEntry,
  UnblockEntry,
} from '../history/entry.js'
import { check } from './check.js'

/** Histories written by hand, of which a test says only what matters. Moments are small numbers. */

/** What a checker says of a history: `promise check`, for each violation. */
export function judge(...entries: readonly Entry[]): string[] {
  return check(entries).violations.map((violation) => `${violation.promise} ${violation.check}`)
}

/** Ada's session `s1`, from 0 to 10, unless wanted otherwise. */
export function login(wanted: Partial<LoginEntry> = {}): LoginEntry {
  const { session = 's1', start = 0, end = 10 } = wanted
  const began = { begunBy: start + 1, returnedAt: end - 1 }
  const made = { outcome: 'created', session, ref: `ref of ${session}` } as const
  return { op: 'login', user: 'ada', ...answered(302, start, end), ...began, ...made, ...wanted }
}

export function accepted(start: number, wanted: Partial<RequestEntry> = {}): RequestEntry {
  return request(start, { outcome: 'accepted', status: 200, ...wanted })
}

export function refused(start: number, wanted: Partial<RequestEntry> = {}): RequestEntry {
  return request(start, { outcome: 'refused', status: 401, ...wanted })
}

/** Of `s1` at `service-1`, for one millisecond. */
export function request(start: number, wanted: Partial<RequestEntry>): RequestEntry {
  const about = { session: 's1', instance: 'service-1', path: '/who', final: false } as const
  return { op: 'request', outcome: 'lost', ...answered(0, start, start + 1), ...about, ...wanted }
}

export function message(sentAt: number, wanted: Partial<MessageEntry> = {}): MessageEntry {
  return {
    op: 'message',
    session: 's1',
    instance: 'service-1',
    stream: 'stream-1',
    number: 1,
    sentAt,
    ...wanted,
  }
}

/** Ada signs `s1` off, confirmed. With another kind, all that she has. */
export function signOff(start: number, end: number, wanted: Partial<SignOffEntry> = {}): SignOffEntry {
  const { kind = 'session' } = wanted
  const isOfOne = ['session', 'own', 'admin-session'].includes(kind)
  const receipt = { eventId: 'event-1', tookMs: 1, boundMs: 100, applied: 3, lapsed: 0, pending: 0 }
  return {
    op: 'sign-off',
    ...answered(200, start, end),
    id: `sign-off-${start}`,
    kind,
    instance: 'identity',
    by: 's1',
    user: 'ada',
    ...(isOfOne ? { session: 's1' } : {}),
    outcome: 'confirmed',
    ...(wanted.outcome === undefined || wanted.outcome === 'pending' ? { receipt } : {}),
    ...wanted,
  }
}

export function unblock(start: number, end: number, wanted: Partial<UnblockEntry> = {}): UnblockEntry {
  const about = { instance: 'identity', by: 'root', user: 'ada', outcome: 'done' } as const
  return { op: 'unblock', ...answered(200, start, end), ...about, ...wanted }
}

export function fault(start: number, end: number, wanted: Partial<FaultEntry> = {}): FaultEntry {
  return { op: 'fault', id: 'fault-1', kind: 'any', hit: ['redis'], mayLose: false, start, end, ...wanted }
}

/** Lines of the log, in this order: `[type, more]`. */
export function log(...lines: ReadonlyArray<Partial<LoggedEntry>>): LoggedEntry[] {
  const usual = {
    op: 'logged',
    type: 'session.revoked',
    eventId: 'event-1',
    operation: '',
    user: 'ada',
  } as const
  return lines.map((line, position) => ({ ...usual, position, ...line }))
}

function answered(status: number, start: number, end: number): Answered {
  return { id: `at-${start}`, start, end, status, retryAfter: status === 503, cookieDeleted: false }
}
