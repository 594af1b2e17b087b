import type { Member, SignOff } from '@curfew/contract'
import type { Hello, HelloAnswer } from '@curfew/guard/following'

/**
 * What one Redis holds, as far as the protocol reads it, and the scripts that run in it: each a pure function with
 * the name of the script that it mirrors. There is one session, which exists from the beginning, and its user.
 */
export interface Store {
  readonly history: string
  /** Fields of the history, see contract's lua.ts. */
  readonly opened: string | null
  readonly openedAt: number | null
  readonly seen: number
  readonly known: number
  readonly lost: boolean
  readonly forked: boolean

  readonly head: number
  readonly signOffs: readonly Entry[]
  readonly members: readonly Row[]

  /** The record of the session is there. */
  readonly hasRecord: boolean
  /** The sign-off that left a tombstone for its family. */
  readonly tombstone: number | null
  /** The generation of its user, or the era, is another one by now. */
  readonly isOutlived: boolean
  readonly user: { readonly endedBy: EndedBy; readonly endedAt: number; readonly isBlocked: boolean } | null
}

type EndedBy = 'nobody' | 'the sign-off' | 'others'

/** An entry of the log that instances follow. `covering` ends all sessions of the user, for another reason. */
export interface Entry {
  readonly sequence: number
  readonly what: 'the sign-off' | 'another' | 'covering' | 'everyone'
}

export interface Row {
  readonly instance: string
  readonly history: string
  readonly acknowledged: number
  readonly leaseMs: number
  /** Stands for the number of the newest hello: all that matters is whether it is another than was looked at. */
  readonly renewals: number
}

export type SignOffKind = 'session' | 'block'

export function newStore(history: string, signOffs: readonly Entry[] = []): Store {
  return {
    ...EMPTY,
    history,
    head: signOffs.length,
    signOffs,
    // A session begins in an open history only.
    opened: history,
    openedAt: 0,
    hasRecord: true,
    user: { endedBy: 'nobody', endedAt: 0, isBlocked: false },
  }
}

/** What FLUSHALL leaves. */
export function emptiedStore(history: string): Store {
  return { ...EMPTY, history }
}

const EMPTY = {
  opened: null,
  openedAt: null,
  seen: 0,
  known: 0,
  lost: false,
  forked: false,
  head: 0,
  signOffs: [],
  members: [],
  hasRecord: false,
  tombstone: null,
  isOutlived: false,
  user: null,
} satisfies Partial<Store>

export function isOpen(store: Store): boolean {
  return store.opened === store.history
}

/** Whether READ would find the session, were the history open. */
export function isValid({ hasRecord, tombstone, isOutlived, user }: Store): boolean {
  return hasRecord && tombstone === null && !isOutlived && user !== null && !user.isBlocked
}

export interface HelloCall {
  readonly instance: string
  readonly leaseMs: number
  readonly says: Hello
  /** A later hello of this instance has already written the row, if it is still there. */
  readonly isLate: boolean
  readonly renewals: number
}

/** `acknowledged`: what it publishes because saying so may have got lost. */
export interface HelloReply {
  readonly answer: HelloAnswer | 'late'
  readonly acknowledged: number | null
}

/** guard/scripts.ts */
export function HELLO(store: Store, call: HelloCall, kind: SignOffKind): [Store, HelloReply] {
  const { instance, says, isLate } = call
  const { history, head } = store
  const row = store.members.find((one) => one.instance === instance)
  if (row !== undefined && isLate) return [store, { answer: 'late', acknowledged: null }]
  const answer = (standing: HelloAnswer['standing'], missed: readonly SignOff[] = []): HelloReply => ({
    answer: { history, head, standing, missed },
    acknowledged: null,
  })

  let { seen, lost } = store
  if (says.history !== history) {
    seen = Math.max(seen, says.applied)
    if (seen > (isOpen(store) && store.openedAt !== null ? store.openedAt : head)) lost = true
  }
  if (lost) {
    // Its numbers were given to others since it was opened.
    const forked = store.forked || (isOpen(store) && head > (store.openedAt ?? 0))
    return [{ ...store, lost, seen, forked, opened: null }, answer('behind')]
  }
  let next = store
  if (!isOpen(store)) {
    if (says.opens !== history) return [{ ...store, seen }, answer('waiting')]
    next = { ...store, opened: history, openedAt: head, seen: 0 }
  }

  const joined = row === undefined || row.history !== history || says.history !== history
  const acknowledged = joined ? 0 : Math.max(row.acknowledged, says.acknowledged)
  const isNews = !joined && says.acknowledged > row.acknowledged
  next = withRow(next, {
    instance,
    history,
    acknowledged,
    leaseMs: call.leaseMs,
    renewals: call.renewals,
  })
  const missed = joined ? [] : store.signOffs.filter(({ sequence }) => sequence > says.applied)
  return [
    next,
    {
      ...answer(
        joined ? 'joined' : 'renewed',
        missed.map((entry) => signOffOf(entry, kind)),
      ),
      acknowledged: isNews ? acknowledged : null,
    },
  ]
}

/** guard/scripts.ts: whether it is published. */
export function ACKNOWLEDGE({ history }: Store, named: string): boolean {
  return history === named
}

export interface ReadReply {
  readonly history: string
  readonly head: number
  readonly isOpen: boolean
  readonly found: boolean
}

/** guard/scripts.ts */
export function READ(store: Store): ReadReply {
  const { history, head } = store
  return { history, head, isOpen: isOpen(store), found: isOpen(store) && isValid(store) }
}

export type RecordReply =
  | { readonly kind: 'closed' }
  | { readonly kind: 'gone'; readonly history: string }
  | {
      readonly kind: 'recorded'
      readonly history: string
      readonly sequence: number
      readonly members: readonly Row[]
    }

export interface RecordCall {
  /** Whether it is the history that the guard of that identity follows. */
  readonly isFollowed: boolean
  readonly isAgain: boolean
}

/** identity/sign-off/scripts.ts */
export function END_SESSION(store: Store, { isFollowed }: RecordCall): [Store, RecordReply] {
  const { history, tombstone, members } = store
  if (!isOpen(store) || !isFollowed) return [store, { kind: 'closed' }]
  if (tombstone !== null) return [store, { kind: 'recorded', history, sequence: tombstone, members }]
  if (!store.hasRecord || store.isOutlived || store.user === null) {
    return [store, { kind: 'gone', history }]
  }
  const next = ring({ ...store, tombstone: store.head + 1, hasRecord: false }, 'the sign-off')
  return [next, { kind: 'recorded', history, sequence: next.head, members }]
}

/** identity/sign-off/scripts.ts: END_USER with a block. Recorded again, it makes a user who is gone anew. */
export function BLOCK(store: Store, { isFollowed, isAgain }: RecordCall): [Store, RecordReply] {
  const { history, user, members } = store
  if (!isOpen(store) || !isFollowed) return [store, { kind: 'closed' }]
  if (user === null && !isAgain) return [store, { kind: 'gone', history }]
  if (user?.endedBy === 'the sign-off') {
    return [store, { kind: 'recorded', history, sequence: user.endedAt, members }]
  }
  const sequence = store.head + 1
  const ended: Store = {
    ...store,
    isOutlived: true,
    user: { endedBy: 'the sign-off', endedAt: sequence, isBlocked: true },
  }
  return [ring(ended, 'the sign-off'), { kind: 'recorded', history, sequence, members }]
}

/** Somebody else is signed off: END_SESSION of another session, or END_USER of our user for another reason. */
export function END_ANOTHER(store: Store, what: 'another' | 'covering'): Store | null {
  if (!isOpen(store)) return null
  if (what === 'another') return ring(store, what)
  if (store.user === null) return null
  const user = { ...store.user, endedBy: 'others', endedAt: store.head + 1 } as const
  return ring({ ...store, isOutlived: true, user }, what)
}

/** identity/sign-off/scripts.ts: what it answers is the history and the table as they are. */
export function WITNESS_HISTORY(store: Store): Pick<Store, 'history' | 'members'> {
  const { history, members } = store
  return { history, members }
}

/** identity/sign-off/scripts.ts */
export function DROP_MEMBERS(store: Store, rows: readonly string[]): Store {
  return { ...store, members: store.members.filter((row) => !rows.includes(jsonOf(row))) }
}

export interface RecordAgainCall {
  readonly history: string
  readonly head: number
  readonly missing: readonly Entry[]
  readonly leased: boolean
  readonly knowsBlock: boolean
}

/** identity/sign-off/recovery-scripts.ts. Null: they are not enough. */
export function RECORD_AGAIN(store: Store, call: RecordAgainCall, kind: SignOffKind): Store | null {
  const { history, head, missing, leased, knowsBlock } = call
  if (store.history !== history || !store.lost || store.head !== head) return null
  if (store.forked || store.seen > head + missing.length) return null
  let next = store
  for (const { what } of missing) {
    const sequence = next.head + 1
    if (what === 'the sign-off' && kind === 'session') {
      next = { ...next, tombstone: sequence, hasRecord: false }
    } else if (what === 'the sign-off' && (next.user !== null || knowsBlock)) {
      const isBlocked = knowsBlock || next.user?.isBlocked === true
      next = { ...next, isOutlived: true, user: { endedBy: what, endedAt: sequence, isBlocked } }
    } else if (what === 'covering' && next.user !== null) {
      next = { ...next, isOutlived: true, user: { ...next.user, endedBy: 'others', endedAt: sequence } }
    }
    next = ring(next, what)
  }
  return opened(next, leased ? SETTLED : head + missing.length)
}

export type Turn = 'nobody' | 'who knows all' | 'who knows most' | 'anybody'

export interface EndEveryoneCall {
  readonly history: string
  readonly head: number
  readonly knowsUpTo: number
  readonly turn: Turn
  readonly knowsBlock: boolean
}

/** identity/sign-off/recovery-scripts.ts. And whether it is done: Redis is behind, and it is the turn of the caller. */
export function END_EVERYONE(before: Store, call: EndEveryoneCall): [Store, boolean] {
  const { history, head, knowsUpTo, turn, knowsBlock } = call
  if (!before.lost || before.history !== history || before.head !== head) return [before, false]
  const known = Math.max(before.known, knowsUpTo)
  const store = known === before.known ? before : { ...before, known }
  const isTurn =
    turn === 'anybody' ||
    (turn === 'who knows most' && knowsUpTo === known) ||
    (turn !== 'nobody' && knowsUpTo >= store.seen)
  if (!isTurn) return [store, false]
  const sequence = Math.max(store.head, store.seen) + 1
  const user = knowsBlock ? ({ endedBy: 'others', endedAt: sequence, isBlocked: true } as const) : store.user
  return [ring(opened({ ...store, head: sequence - 1, isOutlived: true, user }, SETTLED), 'everyone'), true]
}

/** The row as the table holds it. */
export function jsonOf({ instance, ...row }: Row): string {
  return JSON.stringify({ service: instance, ...row, renewedAt: 0, hooksFailed: [] })
}

export function memberOf(row: Row): Member {
  return { ...row, id: row.instance, service: row.instance, renewedAt: 0, hooksFailed: [] }
}

/** An entry of the log as it is published. */
export function signOffOf({ sequence, what }: Entry, kind: SignOffKind): SignOff {
  const one = { sequence, eventId: what }
  if (what === 'everyone') return { ...one, target: { kind: what, era: sequence }, reason: 'store-behind' }
  if (what === 'covering' || (what === 'the sign-off' && kind === 'block')) {
    const reason = what === 'covering' ? 'everywhere' : 'blocked'
    return { ...one, target: { kind: 'user', userId: 'ada', generation: sequence }, reason }
  }
  const family = what === 'another' ? 'another' : 'ours'
  return { ...one, target: { kind: 'session', family, ref: family, userId: 'ada' }, reason: 'logged-out' }
}

/** Histories are numbered in the order in which they begin, and none comes back. */
export function isEarlier(history: string, than: string): boolean {
  return Number(history.slice(1)) < Number(than.slice(1))
}

/** Whether a sign-off ends our session. */
export function covers({ target }: SignOff): boolean {
  return target.kind !== 'session' || target.family === 'ours'
}

function ring(store: Store, what: Entry['what']): Store {
  const sequence = store.head + 1
  return { ...store, head: sequence, signOffs: [...store.signOffs, { sequence, what }] }
}

/** Nobody can have seen more than this. */
export const SETTLED = Number.MAX_SAFE_INTEGER

function opened(store: Store, openedAt: number): Store {
  return { ...store, opened: store.history, openedAt, seen: 0, known: 0, lost: false, forked: false }
}

function withRow(store: Store, row: Row): Store {
  const others = store.members.filter(({ instance }) => instance !== row.instance)
  return { ...store, members: [...others, row].toSorted((a, b) => (a.instance < b.instance ? -1 : 1)) }
}
