/** What any event may say of what happened. */
export interface CommonFacts {
  /** Who did it: a user id, or `system` (expiry, background work), or null when nobody is known. */
  readonly actor: string | null
  /** The name of the subject when it happened, for people who read the log. */
  readonly subjectName?: string
  readonly actorName?: string
  /** The session it is about. */
  readonly ref?: string
  readonly reason?: string
  readonly provider?: string
  readonly ip?: string
  readonly userAgent?: string
  /** Follows one login or request through all services. */
  readonly correlationId?: string
  /** What was changed: the old and the new value. */
  readonly before?: string
  readonly after?: string
}

/** What some types of events say besides: ids and counts, never secrets. The console has a word for each. */
export interface OtherFacts {
  /** Of `session.created`: what the provider says the user may do, and whether they were never here before. */
  readonly roles?: string
  readonly isFirst?: true
  /** Of `user.changed`: what changed. */
  readonly field?: 'roles' | 'name' | 'email'
  /** Of `user.unblocked`: the block that was lifted. */
  readonly blockedAt?: string
  readonly blockedBy?: string
  readonly blockReason?: string
  /** Of a sign-off that Redis had lost, and that was recorded once more. */
  readonly recordedAgain?: true
  /** Of `sign-off.confirmed`: the type, the id and the number of the sign-off’s event, and its receipt. */
  readonly signOff?: string
  readonly eventId?: string
  readonly sequence?: number
  readonly sessions?: number
  readonly tookMs?: number
  readonly applied?: number
  readonly lapsed?: number
  readonly hooksFailed?: number
  /** Of `instance.…` */
  readonly instance?: string
  readonly service?: string
  /** Of `log.exported`: of what, and how written down. */
  readonly filter?: string
  readonly format?: string
  /** Of `log.pruned`: how many were removed, and when the oldest that is left was written. */
  readonly entries?: number
  readonly keptSince?: string
  /** Of `project.…`: its id, and its name as it is now. */
  readonly project?: string
  readonly name?: string
}
