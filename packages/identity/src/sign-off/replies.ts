import { type Member, parseAwaited } from '@curfew/contract'
import { z } from 'zod'
import type { Recorded } from './confirmation.js'

/** What the scripts that end sessions answer. */
export type RecordReply =
  | (Recorded & {
      readonly kind: 'recorded'
      readonly members: readonly Member[]
      readonly sessions: number
      readonly eventId: string
    })
  /** There was nothing to end, in this history. */
  | { readonly kind: 'gone'; readonly history: string }

/** What UNBLOCK_USER answers. */
export type UnblockReply =
  /** In which generation the user was. A later block puts them into a later one. */
  | { readonly kind: 'lifted'; readonly generation: number }
  /** `blocked anew`: since they were seen, somebody has blocked them again. That block stays. */
  | { readonly kind: 'not blocked' | 'blocked anew' }

/** What WITNESS_HISTORY answers. */
export interface WitnessReply {
  readonly history: string
  readonly head: number
  /** By the clock of Redis, epoch milliseconds. */
  readonly redisNow: number
  readonly rows: MemberRows
}

/** The table of members, as it is stored. */
export type MemberRows = ReadonlyArray<readonly [instance: string, row: string]>

/** Whether leases and sign-offs have to wait, since the history that Redis has is not open. */
export function isClosed(reply: unknown): boolean {
  return Array.isArray(reply) && reply[0] === 'closed'
}

export function parseRecordReply(reply: unknown): RecordReply {
  const parsed = RecordShape.parse(reply)
  if (parsed[0] === 'gone') return { kind: 'gone', history: parsed[1] }
  const [kind, history, sequence, sessions, eventId, ...parts] = parsed
  const members = rowsIn(parts).map(([instance, row]) => parseAwaited(instance, row, history))
  return { kind, history, sequence, sessions, eventId, members }
}

export function parseUnblockReply(reply: unknown): UnblockReply {
  const [kind, generation] = UnblockShape.parse(reply)
  return kind === 'lifted' ? { kind, generation } : { kind }
}

export function parseWitnessReply(reply: unknown): WitnessReply {
  const [history, head, redisNow, ...parts] = WitnessShape.parse(reply)
  return { history, head, redisNow, rows: rowsIn(parts) }
}

const RecordShape = z.union([
  z.tuple([z.literal('gone'), z.string()]),
  z.tuple([z.literal('recorded'), z.string(), z.number(), z.number(), z.string()], z.string()),
])

const UnblockShape = z.union([
  z.tuple([z.literal('lifted'), z.number()]),
  z.tuple([z.enum(['not blocked', 'blocked anew'])]),
])

const WitnessShape = z.tuple([z.string(), z.number(), z.number()], z.string())

/** `instance, row, instance, row…` */
export function rowsIn(parts: readonly string[]): MemberRows {
  const rows: Array<readonly [string, string]> = []
  for (let i = 0; i + 1 < parts.length; i += 2) rows.push([parts[i] ?? '', parts[i + 1] ?? ''])
  return rows
}
