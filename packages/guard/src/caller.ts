import type { SessionRecord } from '@curfew/contract'
import type { Guard } from './guard.js'

/** Who is calling, as an adapter leaves it for the handlers of a request. */
export interface Caller {
  readonly guard: Guard
  /** One frozen object serves all requests of a session. */
  readonly session: SessionRecord
}

/** @throws {TypeError} where `requireSession` is not mounted above */
export function known<T>(caller: T | undefined): T {
  if (caller === undefined) throw new TypeError('nobody has asked who is calling: mount requireSession above')
  return caller
}
