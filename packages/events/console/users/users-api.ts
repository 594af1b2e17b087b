import type { Receipt } from '@curfew/contract'
import { ask } from '../ask.js'

/** As identity's admin API describes a user. */
export interface ConsoleUser {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly picture: string | null
  readonly roles: readonly string[]
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  /** `by` is the admin's user id. Epoch milliseconds. */
  readonly blocked: { readonly at: number; readonly by: string; readonly reason: string | null } | null
  readonly lastLoginAt: number
  readonly sessions: number
}

export interface ConsoleSession {
  readonly ref: string
  readonly provider: string
  /** Epoch milliseconds, all three. */
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly device: { readonly userAgent: string; readonly ip: string }
  /** The session of whoever asks. */
  readonly current: boolean
}

const ADMIN = '/auth/admin'
const user = (id: string) => `${ADMIN}/users/${encodeURIComponent(id)}`

export const findUsers = (query: string, cursor: string | null) =>
  ask<{ users: ConsoleUser[]; next: string | null }>(
    `${ADMIN}/users?${new URLSearchParams({ query, ...(cursor === null ? {} : { cursor }) })}`,
  )

export const getUser = (id: string) => ask<ConsoleUser>(user(id))

export const sessionsOf = (id: string) => ask<{ sessions: ConsoleSession[] }>(`${user(id)}/sessions`)

export const blockUser = (id: string, reason: string) =>
  signOff(`${user(id)}/block`, 'POST', reason === '' ? {} : { reason })

export const unblockUser = (id: string) => ask<ConsoleUser>(`${user(id)}/unblock`, 'POST', {})

export const signOffUser = (id: string) => signOff(`${user(id)}/logout`, 'POST', {})

export const endSession = (ref: string) => signOff(`${ADMIN}/sessions/${encodeURIComponent(ref)}`, 'DELETE')

/** Is answered once it is recorded, so that one sees who has yet to confirm it. */
const signOff = (path: string, method: string, json?: unknown) =>
  ask<Receipt>(path, method, json, { Prefer: 'wait=0' })
