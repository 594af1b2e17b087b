import { boundMs, patienceMs, type SignOff } from '@curfew/contract'
import type { Following } from '@curfew/guard/following'
import { LEASE_MS } from './clock.js'
import type { Entry, RecordAgainCall } from './redis.js'

/** What an identity remembers in case Redis forgets, and what it does about it: remembered.ts and recovery.ts. */
export interface Memory {
  /** The newest sign-offs, since memory was emptied last. */
  readonly recent: readonly Entry[]
  readonly knowsBlock: boolean
  /** `upTo` is not null: then it is what its guard follows, up to what that has applied. */
  readonly isInformed: boolean
  /** LIST_BLOCKED as Redis has answered it, on its way. Only where there are blocks. */
  readonly list: List | null
  /** Hooks that have not finished. */
  readonly hooks: readonly Hook[]
  /** The history in which Redis is behind, and since when that is known. */
  readonly behindSince: { readonly history: string; readonly atMs: number } | null
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
  readonly does: 'note the block' | 'find out who is blocked'
}

export type Request =
  | ({ readonly script: 'RECORD_AGAIN' } & RecordAgainCall)
  | { readonly script: 'END_EVERYONE'; readonly knowsBlock: boolean }

export const NEW_MEMORY: Memory = {
  recent: [],
  knowsBlock: false,
  isInformed: false,
  list: null,
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
  const hooked = (does: Hook['does']) => [...memory.hooks, { history, sequence, does }]
  if (signOff === 'everything' || signOff.target.kind === 'everyone') {
    const list = outdatesLists ? null : memory.list
    return { ...memory, recent: [], isInformed: false, list, hooks: hooked('find out who is blocked') }
  }
  const recent = [...memory.recent, entryOf(signOff)]
  if (signOff.reason !== 'blocked') return { ...memory, recent }
  // That somebody is blocked is known at once, and an answer that was under way does not know of it.
  return { ...memory, recent, knowsBlock: true, list: null, hooks: hooked('note the block') }
}

/** remembered.ts: `refresh`. Believes nobody but the Redis that its guard follows. */
export function refreshed(memory: Memory, list: List, followed: string | null): Memory {
  if (list.history !== followed) return { ...memory, list: null }
  return { ...memory, list: null, knowsBlock: list.isBlocked, isInformed: true }
}

function entryOf({ sequence, target, reason }: SignOff): Entry {
  if (target.kind === 'session')
    return { sequence, what: target.family === 'ours' ? 'the sign-off' : 'another' }
  return { sequence, what: reason === 'blocked' ? 'the sign-off' : 'covering' }
}

/** Hooks for something that is done, or of a history that is over, have nothing to say any more. */
export function unfinished(memory: Memory, { history, unfinished }: Following): Memory {
  const { hooks } = memory
  const isWaitedFor = (hook: Hook) => hook.history === history && unfinished.includes(hook.sequence)
  const isFirst = (hook: Hook, at: number) =>
    hooks.findIndex(({ sequence, does }) => sequence === hook.sequence && does === hook.does) === at
  return { ...memory, hooks: hooks.filter(isWaitedFor).filter(isFirst) }
}

interface Behind {
  readonly history: string
  readonly head: number
  readonly followed: Following
  readonly leased: boolean
}

/** recovery.ts: `onBehind`, and what is sent first. Somebody who remembers nothing waits for somebody who does. */
export function requestOf(before: Memory, { history, head, followed, leased }: Behind): Memory {
  const behindSince = before.behindSince?.history === history ? before.behindSince : { history, atMs: 0 }
  const memory = { ...before, behindSince }
  const waitMs = followed.history === null ? boundMs(LEASE_MS) : leased ? 0 : patienceMs(LEASE_MS)
  if (memory.request !== null || 0 - behindSince.atMs < waitMs) return memory
  const missing = followed.history === null ? null : between(memory.recent, head, followed.applied)
  if (missing === null || missing.length === 0) return { ...memory, request: everyone(memory) }
  return {
    ...memory,
    request: { script: 'RECORD_AGAIN', history, head, missing, leased, knowsBlock: memory.knowsBlock },
  }
}

export function everyone({ knowsBlock }: Memory): Request {
  return { script: 'END_EVERYONE', knowsBlock }
}

function between(recent: readonly Entry[], after: number, upTo: number): readonly Entry[] | null {
  const wanted = recent.filter(({ sequence }) => sequence > after && sequence <= upTo)
  return wanted.length === upTo - after ? wanted : null
}

export function keyOfMemory({
  recent,
  knowsBlock,
  isInformed,
  list,
  hooks,
  behindSince,
  request,
}: Memory): unknown {
  return [recent, knowsBlock, isInformed, list, hooks, behindSince, request]
}
