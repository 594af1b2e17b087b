import { patienceMs, type SignOff } from '@curfew/contract'
import type { Following } from '@curfew/guard/following'
import { LEASE_MS } from './clock.js'
import { type EndEveryoneCall, type Entry, isEarlier, type RecordAgainCall, type Store } from './redis.js'

/** What an identity remembers in case Redis forgets, and what it does about it: remembered.ts and recovery.ts. */
export interface Memory {
  /** The newest sign-offs, since memory was emptied last. */
  readonly recent: readonly Entry[]
  readonly knowsBlock: boolean
  /** `upTo` is not null: then it is what its guard follows, up to what that has applied. */
  readonly isInformed: boolean
  /** What had been applied when it was informed. */
  readonly since: number
  /** LIST_BLOCKED as Redis has answered it, on its way. Only where there are blocks. */
  readonly list: List | null
  /** The block for which HGETALL of its user is under way. */
  readonly noting: number | null
  /** Hooks that have not finished. */
  readonly hooks: readonly Hook[]
  /** The history in which Redis is behind, since when that is known, and when it was told so last. */
  readonly behindSince: { readonly history: string; readonly atMs: number; readonly toldMs: number } | null
  /** What was sent to Redis in order to recover. */
  readonly request: Request | null
}

export interface List {
  readonly history: string
  readonly isBlocked: boolean
}

export interface Hook {
  readonly history: string
  readonly sequence: number
}

/** `turn`: what END_EVERYONE is told, which is sent if they are not enough. */
export type Request =
  | ({ readonly script: 'RECORD_AGAIN' } & Pick<EndEveryoneCall, 'turn' | 'knowsUpTo'> & RecordAgainCall)
  | ({ readonly script: 'END_EVERYONE' } & EndEveryoneCall)

export const NEW_MEMORY: Memory = {
  recent: [],
  knowsBlock: false,
  isInformed: false,
  since: 0,
  list: null,
  noting: null,
  hooks: [],
  behindSince: null,
  request: null,
}

/** remembered.ts: the hook, as far as it runs at once. */
export function remember(
  memory: Memory,
  { history, sequence, signOff }: { history: string; sequence: number; signOff: SignOff | 'everything' },
  { outdatesLists }: { outdatesLists: boolean },
): Memory {
  if (signOff === 'everything' || signOff.target.kind === 'everyone') {
    const list = outdatesLists ? null : memory.list
    return { ...memory, recent: [], isInformed: false, since: 0, list }
  }
  const recent = [...memory.recent, entryOf(signOff)]
  if (signOff.reason !== 'blocked') return { ...memory, recent }
  const hooks = [...memory.hooks, { history, sequence }]
  return { ...learned({ ...memory, recent }, true), noting: sequence, hooks }
}

/** remembered.ts: `learn`. A list that is under way may not know of it. */
function learned(memory: Memory, isBlocked: boolean): Memory {
  return { ...memory, knowsBlock: isBlocked, list: memory.list && { ...memory.list, isBlocked } }
}

/** remembered.ts: the row of the user is read, unless Redis is one from before the block. */
export function noted(memory: Memory, { user }: Store): Memory {
  const next = { ...memory, noting: null }
  return user === null || user.endedAt < (memory.noting ?? 0) ? next : learned(next, user.isBlocked)
}

/** remembered.ts: `refresh`. Believes nobody but the Redis that its guard follows. */
export function refreshed(memory: Memory, list: List, { history, applied }: Following): Memory {
  if (list.history !== history) return { ...memory, list: null }
  const since = memory.isInformed ? memory.since : applied
  return { ...memory, list: null, knowsBlock: list.isBlocked, isInformed: true, since }
}

function entryOf({ sequence, target, reason }: SignOff): Entry {
  if (target.kind === 'session')
    return { sequence, what: target.family === 'ours' ? 'the sign-off' : 'another' }
  return { sequence, what: reason === 'blocked' ? 'the sign-off' : 'covering' }
}

/** Hooks for something that is done, or of a history that is over, have nothing to say any more. */
export function unfinished(memory: Memory, { history, unfinished }: Following): Memory {
  const { hooks, behindSince } = memory
  const isPast = behindSince !== null && history !== null && isEarlier(behindSince.history, history)
  const isWaitedFor = (hook: Hook) => hook.history === history && unfinished.includes(hook.sequence)
  const isFirst = (hook: Hook, at: number) =>
    hooks.findIndex(({ sequence }) => sequence === hook.sequence) === at
  return {
    ...memory,
    hooks: hooks.filter(isWaitedFor).filter(isFirst),
    behindSince: isPast ? null : behindSince,
  }
}

interface Behind {
  readonly history: string
  readonly head: number
  readonly followed: Following
  readonly leased: boolean
}

/** recovery.ts: `onBehind`, and what is sent first. Somebody who does not remember waits for somebody who does. */
export function requestOf(
  before: Memory,
  { history, head, followed, leased }: Behind,
  {
    othersMs,
    knowsWhatItRemembers,
    isAlone,
  }: { othersMs: number; knowsWhatItRemembers: boolean; isAlone: boolean },
): Memory {
  const atMs = before.behindSince?.history === history ? before.behindSince.atMs : 0
  const behindSince = { history, atMs, toldMs: 0 }
  const memory = { ...before, behindSince }
  if (memory.request !== null) return memory
  const waitedMs = 0 - behindSince.atMs
  const applied = followed.history === null ? 0 : followed.applied
  const knowsUpTo = knowsWhatItRemembers && !memory.isInformed ? 0 : applied
  const turn = TURNS[Math.floor(waitedMs / othersMs)] ?? 'anybody'
  const { knowsBlock } = memory
  const missing = followed.history === null ? null : between(memory.recent, head, applied)
  if (missing !== null && missing.length > 0 && (leased || waitedMs >= patienceMs(LEASE_MS))) {
    const call = { history, head, missing, leased, knowsBlock, knowsUpTo, turn }
    return { ...memory, request: { script: 'RECORD_AGAIN', ...call } }
  }
  // What would change nothing is not said.
  if (turn === 'nobody' && (isAlone || knowsUpTo === 0)) return memory
  return { ...memory, request: everyone(memory, { history, head, knowsUpTo, turn }) }
}

export function everyone(
  { knowsBlock }: Memory,
  { history, head, knowsUpTo, turn }: Omit<EndEveryoneCall, 'knowsBlock'>,
): Request {
  return { script: 'END_EVERYONE', history, head, knowsUpTo, turn, knowsBlock }
}

const TURNS = ['nobody', 'who knows all', 'who knows most', 'anybody'] as const

function between(recent: readonly Entry[], after: number, upTo: number): readonly Entry[] | null {
  const wanted = recent.filter(({ sequence }) => sequence > after && sequence <= upTo)
  return wanted.length === upTo - after ? wanted : null
}

export function keyOfMemory({
  recent,
  knowsBlock,
  isInformed,
  since,
  list,
  noting,
  hooks,
  behindSince,
  request,
}: Memory): unknown {
  return [recent, knowsBlock, isInformed, since, list, noting, hooks, behindSince, request]
}
