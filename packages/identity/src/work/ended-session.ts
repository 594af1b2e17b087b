import type { SessionRecord } from '@curfew/contract'

/** A session that is over, and whose tokens are to be revoked at this provider. */
export interface EndedSession {
  readonly ref: string
  readonly provider: string
  readonly userId: string | null
  /** The user's name, for people who read the log. */
  readonly subjectName?: string
  /** Of the request that ended it. */
  readonly correlationId?: string
}

export function endedSession({ ref, provider, user }: SessionRecord): EndedSession {
  return { ref, provider, userId: user.id, subjectName: user.name }
}
