import type { SessionRecord } from '@curfew/contract'
import { type Caller, callerOf } from '@curfew/service'
import type { Author } from '../sign-off/sign-offs.js'

export type { Caller }

/** Who asked for it, as the log will say. */
export function authorOf(ctx: Caller, session: SessionRecord): Author {
  return { id: session.user.id, name: session.user.name, ...callerOf(ctx) }
}
