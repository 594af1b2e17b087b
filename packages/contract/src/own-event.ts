import type { EventType } from './event.js'

/** What people see of an event that is about themselves: a part of it, and nothing of anybody else. */
export interface OwnEvent {
  readonly id: string
  readonly type: EventType
  /** RFC 3339, UTC. */
  readonly time: string
  /** Who did it. Which admin it was is between the admins. `nobody`: somebody who was not signed in. */
  readonly by: 'you' | 'admin' | 'curfew' | 'nobody'
  /** A code. What an admin wrote was not written for them. */
  readonly reason?: string
  readonly provider?: string
  readonly ref?: string
  /** The browser and system in words, and the address: their own, and never an admin's. */
  readonly device?: string
  readonly ip?: string
  /** Of what the provider says otherwise than before. */
  readonly field?: string
  readonly before?: string
  readonly after?: string
}

/** `GET /events/mine`. */
export interface OwnEvents {
  /** Newest first. */
  readonly events: readonly OwnEvent[]
  /** For `before`; null when there is nothing older. A page may be empty and have one. */
  readonly next: string | null
}
