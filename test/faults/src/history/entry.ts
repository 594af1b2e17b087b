/**
 * What was done and seen, from outside: a history is a list of these, and all that the checker knows.
 *
 * Moments are milliseconds of one monotonic clock, that of the process which sends all requests. `start` is
 * taken before the first byte leaves, `end` when the whole answer is there.
 */
export type Entry =
  | SetupEntry
  | RequestEntry
  | MessageEntry
  | LoginEntry
  | SignOffEntry
  | ReceiptEntry
  | UnblockEntry
  | FaultEntry
  | LoggedEntry
  | HealedEntry

/** What was promised, before anything happened. */
export interface SetupEntry {
  readonly op: 'setup'
  /** So long after it was durable, every sign-off is confirmed. Milliseconds. */
  readonly promisedBoundMs: number
}

/** Both ends of something on the clock of the run. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What every answer says, whatever was asked. */
export interface Answered extends Span {
  /** Names the operation, also in the event log of the system. */
  readonly id: string
  /** Of HTTP; 0 when no answer came. */
  readonly status: number
  /** Whether a `Retry-After` came with it. */
  readonly retryAfter: boolean
  /** Whether it told the browser to delete the session's cookie. */
  readonly cookieDeleted: boolean
}

/** A request under a session: `accepted` served it (200), `refused` asked to sign in (401). */
export interface RequestEntry extends Answered {
  readonly op: 'request'
  readonly session: string
  readonly instance: string
  readonly path: string
  readonly outcome: 'accepted' | 'refused' | 'unavailable' | 'lost' | 'unexpected'
  /** Asked when all was over, and nothing was broken any more. */
  readonly final: boolean
  /** The session that the answer named, when it accepted. */
  readonly answeredRef?: string
}

/** A message on a stream that is open under a session. */
export interface MessageEntry {
  readonly op: 'message'
  readonly session: string
  readonly instance: string
  /** The request that opened the stream. */
  readonly stream: string
  readonly number: number
  /** Taken by the sender, before it asked whether it may. */
  readonly sentAt: number
}

/** A login, from the first request to the answer that sets the cookie. */
export interface LoginEntry extends Answered {
  readonly op: 'login'
  readonly user: string
  /** When the answer to its first request was there: it had begun by then. Its `end` when that never came. */
  readonly begunBy: number
  /** When the browser was sent back with the provider's answer. Its `end` when it never came so far. */
  readonly returnedAt: number
  readonly outcome: 'created' | 'blocked' | 'superseded' | 'unavailable' | 'lost' | 'failed' | 'unexpected'
  /** The session that it made. */
  readonly session?: string
  readonly ref?: string
  /** How long it may be unused before it ends by itself. */
  readonly idleMs?: number
  /** The session that this browser had before: a new one takes its place. */
  readonly replaces?: string
}

export type SignOffKind =
  /** The user: this session, another one of theirs, all others, all. */
  | 'session'
  | 'own'
  | 'others'
  | 'everywhere'
  /** An admin: one session, a user everywhere, a user for good. */
  | 'admin-session'
  | 'admin-user'
  | 'block'

export interface SignOffEntry extends Answered {
  readonly op: 'sign-off'
  readonly kind: SignOffKind
  /** The instance of identity that was asked. */
  readonly instance: string
  /** Under which session it was asked for. */
  readonly by: string
  /** Whose sessions. */
  readonly user: string
  /** The only session that it ends; left out when it is all of the user's. */
  readonly session?: string
  /** The session that it leaves. */
  readonly except?: string
  /**
   * `confirmed` (200) and `pending` (202) recorded it; `refused` (401, 404) says that there was nothing to end;
   * `unrecorded` (503) promises nothing; `lost`: no answer came.
   */
  readonly outcome: 'confirmed' | 'pending' | 'refused' | 'unrecorded' | 'lost' | 'unexpected'
  readonly receipt?: {
    readonly eventId: string
    readonly tookMs: number
    readonly boundMs: number
    readonly applied: number
    readonly lapsed: number
    readonly pending: number
  }
}

/** A receipt that was asked for again. */
export interface ReceiptEntry extends Answered {
  readonly op: 'receipt'
  readonly signOff: string
  readonly confirmed: boolean
}

export interface UnblockEntry extends Answered {
  readonly op: 'unblock'
  readonly instance: string
  readonly by: string
  readonly user: string
  readonly outcome: 'done' | 'refused' | 'unrecorded' | 'lost' | 'unexpected'
}

export interface FaultEntry extends Span {
  readonly op: 'fault'
  readonly id: string
  readonly kind: string
  /** What was hit: `redis`, or instances by name. */
  readonly hit: readonly string[]
  /** Whether writes that nobody waited for may be gone, as with a failover. */
  readonly mayLose: boolean
  /** Whether Redis came back as it was at its start, or with nothing at all. */
  readonly forgets?: boolean
}

/** A line of the system's event log that says that a session began or was ended. */
export interface LoggedEntry {
  readonly op: 'logged'
  /** From 0, in the order of the log. */
  readonly position: number
  readonly type: string
  readonly eventId: string
  /** The operation that caused it. */
  readonly operation: string
  readonly user: string
  readonly ref?: string
  readonly reason?: string
}

/** When the last fault was over and everything answered again; null when it never did. */
export interface HealedEntry {
  readonly op: 'healed'
  readonly at: number | null
}
