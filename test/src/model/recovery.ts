import { boundMs, patienceMs, type SignOff } from '@curfew/contract'
import type { Following } from '@curfew/guard/following'
import { LEASE_MS } from './clock.js'
import type { Entry, SignOffKind } from './redis.js'

/** What an identity remembers in case Redis forgets, and what it does about it: remembered.ts and recovery.ts. */
export interface Memory {
  /** The newest sign-offs, since memory was emptied last. */
  readonly recent: readonly Entry[]
  readonly knowsBlock: boolean
  /** Hooks that still have to ask Redis who is blocked. */
  readonly hooks: readonly Hook[]
  /** The history in which Redis is behind, and since when that is known. */
  readonly behindSince: { readonly history: string; readonly atMs: number } | null
  /** What was sent to Redis in order to recover. */
  readonly request: Request | null
}

export interface Hook {
  readonly history: string
  readonly sequence: number
  readonly does: 'note the block' | 'read who is blocked'
}

export type Request =
  | {
      readonly script: 'RECORD_AGAIN'
      readonly history: string
      readonly head: number
      readonly missing: readonly Entry[]
      readonly leased: boolean
    }
  | { readonly script: 'END_EVERYONE'; readonly knowsBlock: boolean }

export const NEW_MEMORY: Memory = {
  recent: [],
  knowsBlock: false,
  hooks: [],
  behindSince: null,
  request: null,
}

/** remembered.ts: the hook, as far as it runs at once. */
export function remember(
  memory: Memory,
  kind: SignOffKind,
  { history, sequence, signOff }: { history: string; sequence: number; signOff: SignOff | 'everything' },
): Memory {
  const isEverything = signOff === 'everything' || signOff.target.kind === 'everyone'
  const recent = isEverything ? [] : [...memory.recent, entryOf(signOff)]
  if (kind === 'session') return { ...memory, recent }
  if (!isEverything && signOff.reason !== 'blocked') return { ...memory, recent }
  const does = isEverything ? 'read who is blocked' : 'note the block'
  // That somebody is blocked is known at once.
  const knowsBlock = memory.knowsBlock || !isEverything
  return { ...memory, recent, knowsBlock, hooks: [...memory.hooks, { history, sequence, does }] }
}

function entryOf({ sequence, target, reason }: SignOff): Entry {
  if (target.kind === 'session')
    return { sequence, what: target.family === 'ours' ? 'the sign-off' : 'another' }
  return { sequence, what: reason === 'blocked' ? 'the sign-off' : 'covering' }
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
  return { ...memory, request: { script: 'RECORD_AGAIN', history, head, missing, leased } }
}

export function everyone({ knowsBlock }: Memory): Request {
  return { script: 'END_EVERYONE', knowsBlock }
}

function between(recent: readonly Entry[], after: number, upTo: number): readonly Entry[] | null {
  const wanted = recent.filter(({ sequence }) => sequence > after && sequence <= upTo)
  return wanted.length === upTo - after ? wanted : null
}

export function keyOfMemory({ recent, knowsBlock, hooks, behindSince, request }: Memory): unknown {
  return [recent, knowsBlock, hooks, behindSince, request]
}
