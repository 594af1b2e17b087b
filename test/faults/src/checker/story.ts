import type {
  Entry,
  FaultEntry,
  LoggedEntry,
  LoginEntry,
  MessageEntry,
  RequestEntry,
  SignOffEntry,
  Span,
  UnblockEntry,
} from '../history/entry.js'

/** A history, put in order: sessions, what ended them, and every time that one was used. */
export interface Story {
  readonly sessions: ReadonlyMap<string, Session>
  readonly endings: readonly Ending[]
  readonly messages: readonly MessageEntry[]
  readonly logins: readonly LoginEntry[]
  readonly signOffs: readonly SignOffEntry[]
  readonly unblocks: readonly UnblockEntry[]
  readonly faults: readonly FaultEntry[]
  readonly log: readonly LoggedEntry[]
  readonly entries: readonly Entry[]
  readonly promisedBoundMs: number | undefined
  /** When everything was well again at the end; null when it never was, undefined when nobody looked. */
  readonly healedAt: number | null | undefined
}

export interface Session {
  readonly name: string
  readonly ref: string
  readonly user: string
  readonly login: LoginEntry
  /** Every request under it, in the order in which they were sent. */
  readonly uses: readonly Use[]
}

/** One request under a session, whatever it was about. */
export interface Use extends Span {
  /** `accepted`: it was served under the session. `refused`: the answer was to sign in. */
  readonly outcome: RequestEntry['outcome']
  readonly instance: string
  readonly final: boolean
  readonly entry: RequestEntry | SignOffEntry | UnblockEntry
}

/** What may have ended sessions: a sign-off, or a new login in the same browser. */
export interface Ending extends Span {
  /** Whether it took effect: an answer said so, or it is open, since none came or none that promises anything. */
  readonly effect: 'recorded' | 'open'
  /** When an answer said that it is confirmed. */
  readonly confirmedAt: number | null
  /** Named by the answer: so long after it, it is confirmed at the latest. */
  readonly boundMs: number | null
  readonly user: string
  /** The only session that it ends; undefined: all of the user's, up to then. */
  readonly session: string | undefined
  readonly except: string | undefined
  readonly entry: SignOffEntry | LoginEntry
}

export function tell(entries: readonly Entry[]): Story {
  const of = <Op extends Entry['op']>(op: Op) =>
    entries.filter((entry): entry is Extract<Entry, { op: Op }> => entry.op === op)
  const logins = of('login')
  const signOffs = of('sign-off')
  const unblocks = of('unblock')
  const confirmedLater = new Map(
    of('receipt')
      .filter(({ confirmed }) => confirmed)
      .map(({ signOff, end }) => [signOff, end]),
  )
  const uses = usesBySession([...of('request'), ...signOffs, ...unblocks])
  return {
    sessions: new Map(
      logins.flatMap((login): Array<[string, Session]> => {
        const { session: name, ref, user } = login
        if (name === undefined || ref === undefined) return []
        return [[name, { name, ref, user, login, uses: uses.get(name) ?? [] }]]
      }),
    ),
    endings: [
      ...signOffs.flatMap((entry) => endingBySignOff(entry, confirmedLater.get(entry.id))),
      ...logins.flatMap(endingByLogin),
    ].sort((a, b) => a.start - b.start),
    messages: of('message'),
    logins,
    signOffs,
    unblocks,
    faults: of('fault'),
    log: of('logged').sort((a, b) => a.position - b.position),
    entries,
    promisedBoundMs: of('setup').at(-1)?.promisedBoundMs,
    healedAt: of('healed').at(-1)?.at,
  }
}

function endingBySignOff(entry: SignOffEntry, confirmedLater: number | undefined): Ending[] {
  // That there was nothing to end ends nothing.
  if (entry.outcome === 'refused') return []
  const isRecorded = entry.outcome === 'confirmed' || entry.outcome === 'pending'
  return [
    {
      start: entry.start,
      end: entry.end,
      effect: isRecorded ? 'recorded' : 'open',
      confirmedAt: entry.outcome === 'confirmed' ? entry.end : (confirmedLater ?? null),
      boundMs: entry.receipt?.boundMs ?? null,
      user: entry.user,
      session: entry.session,
      except: entry.except,
      entry,
    },
  ]
}

/** A login in a browser that had a session ends that one, once there is the new one. */
function endingByLogin(entry: LoginEntry): Ending[] {
  const mayHave: ReadonlyArray<LoginEntry['outcome']> = ['created', 'lost', 'unavailable', 'unexpected']
  if (entry.replaces === undefined || !mayHave.includes(entry.outcome)) return []
  return [
    {
      start: entry.returnedAt,
      end: entry.end,
      effect: entry.outcome === 'created' ? 'recorded' : 'open',
      confirmedAt: null,
      boundMs: null,
      user: entry.user,
      session: entry.replaces,
      except: undefined,
      entry,
    },
  ]
}

function usesBySession(
  entries: ReadonlyArray<RequestEntry | SignOffEntry | UnblockEntry>,
): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>()
  for (const entry of entries) {
    const session = entry.op === 'request' ? entry.session : entry.by
    const use = useOf(entry)
    const known = uses.get(session)
    if (known) known.push(use)
    else uses.set(session, [use])
  }
  for (const known of uses.values()) known.sort((a, b) => a.start - b.start)
  return uses
}

function useOf(entry: RequestEntry | SignOffEntry | UnblockEntry): Use {
  const { start, end, status } = entry
  const { instance } = entry
  if (entry.op !== 'request') return { start, end, outcome: outcomeOf(status), instance, final: false, entry }
  const { outcome, final } = entry
  return { start, end, outcome, instance, final, entry }
}

/** Whoever hears that there is no such thing, or that it does not fit, was let in. */
function outcomeOf(status: number): Use['outcome'] {
  if (status === 200 || status === 202 || status === 404 || status === 409) return 'accepted'
  if (status === 401) return 'refused'
  if (status === 503) return 'unavailable'
  return status === 0 ? 'lost' : 'unexpected'
}
