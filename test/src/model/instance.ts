import {
  type Following,
  type Hello,
  type HelloAnswer,
  type Instant,
  NOT_FOLLOWING,
  type ReadStamp,
} from '@curfew/guard/following'
import type { Remembering } from '@curfew/identity/dist/sign-off/coordinator.js'
import type { Acknowledgement } from './coordinator.js'
import { keyOfMemory, type Memory, NEW_MEMORY } from './recovery.js'
import type { Entry } from './redis.js'

/**
 * A process that mounts a guard, with its connections: what `createFollower`, `createStoreLink` and
 * `createSessionLookup` do around the reducer. It has one session in memory, or not.
 */
export interface Instance {
  readonly name: string
  readonly following: Following
  /** Whether the session is in memory. */
  readonly keeps: boolean
  readonly hello: SentHello | AnsweredHello | null
  /** A hello that was given up, and arrives all the same. */
  readonly stray: { readonly says: Hello; readonly isLate: boolean } | null
  readonly read: SentRead | AnsweredRead | null
  /** Published sign-offs on their way here. */
  readonly messages: readonly Message[]
  /** What it said last of what is applied, on its way to identity. */
  readonly acknowledgement: Acknowledgement | null
  /** The Redis that it asks. */
  readonly node: 0 | 1
  /** What an identity remembers beside. */
  readonly memory: Memory | null
}

export interface Message {
  readonly history: string
  readonly entry: Entry
}

export interface SentHello {
  readonly stage: 'sent'
  readonly sentAt: Instant
  readonly says: Hello
}

export interface AnsweredHello {
  readonly stage: 'answered'
  readonly sentAt: Instant
  readonly answer: HelloAnswer
}

interface SentRead {
  readonly stage: 'sent'
  readonly flushesWhenSent: number
}

export interface AnsweredRead {
  readonly stage: 'answered'
  readonly stamp: ReadStamp
  readonly found: boolean
}

export interface InstanceOptions {
  readonly name: string
  readonly leaseMs: number
  readonly isIdentity: boolean
  /** When it starts, unless that is at the beginning. */
  readonly comes?: 'once confirmed' | 'with the second history'
}

export function newInstance({ name, isIdentity }: InstanceOptions): Instance {
  return {
    name,
    following: NOT_FOLLOWING,
    keeps: false,
    hello: null,
    stray: null,
    read: null,
    messages: [],
    acknowledgement: null,
    node: 0,
    memory: isIdentity ? NEW_MEMORY : null,
  }
}

/** Whether it has said something just now. */
export function speaks(before: Instance, { acknowledgement }: Instance): boolean {
  return acknowledgement !== null && acknowledgement !== before.acknowledgement
}

/** What it has acknowledged makes no difference to anybody any more. */
export function silenced(instance: Instance, mattersLater: boolean): Instance {
  const { following, hello, stray, memory } = instance
  const unheard = <T extends { readonly says: Hello }>(sent: T): T => ({
    ...sent,
    says: { ...sent.says, acknowledged: 0 },
  })
  return {
    ...instance,
    following: { ...following, unfinished: [] },
    hello: hello?.stage === 'sent' ? unheard(hello) : hello,
    stray: stray && unheard(stray),
    acknowledgement: null,
    memory: memory && { ...memory, hooks: [], isInformed: memory.isInformed || !mattersLater, since: 0 },
  }
}

/** It acknowledges. */
export function said(instance: Instance, history: string, sequence: number): Instance {
  return {
    ...instance,
    acknowledgement: { instance: instance.name, history, sequence, hooksFailed: [] },
  }
}

/** The connection to Redis is gone, and all that was sent and not answered. */
export function cut(instance: Instance): Instance {
  const { hello, read, memory } = instance
  return {
    ...instance,
    hello: hello?.stage === 'sent' ? null : hello,
    read: read?.stage === 'sent' ? null : read,
    stray: null,
    memory: memory && { ...memory, list: null, noting: null, request: null },
  }
}

/** It is connected to another node now. */
export function moved(instance: Instance, node: 0 | 1): Instance {
  return { ...cut({ ...instance, hello: null, read: null }), node }
}

/** remembered.ts: `upTo`. */
export function rememberedBy({ memory, following }: Instance): Remembering | null {
  const { history, applied } = following
  if (!memory?.isInformed || history === null) return null
  return { history, sequence: applied, since: memory.since }
}

export function keyOfInstance(instance: Instance): string {
  const { name, following, keeps, hello, stray, read, messages, acknowledgement, node, memory } = instance
  const { history, applied, unfinished, leasedAt, closed } = following
  return JSON.stringify([
    name,
    [history, applied, unfinished, leasedAt?.monotonicMs, leasedAt?.wallMs],
    [closed?.history, closed?.metAt.monotonicMs, closed?.metAt.wallMs],
    [keeps, node],
    hello && [hello.sentAt, hello.stage === 'sent' ? hello.says : hello.answer],
    stray,
    read && (read.stage === 'sent' ? read.flushesWhenSent : [read.found, read.stamp]),
    messages,
    acknowledgement && [acknowledgement.history, acknowledgement.sequence],
    memory && keyOfMemory(memory),
  ])
}
