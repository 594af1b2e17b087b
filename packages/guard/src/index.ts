/** Who is calling? Answered from process memory, and never from a session that was signed off. */
export type { SessionRecord, SignOff } from '@curfew/contract'
export { instanceName } from '@curfew/contract'
export type { Gap, StoreBehind } from './follower.js'
export { createGuard, type Guard, type GuardOptions, type GuardStats } from './guard.js'
export type { Hold, HoldEnd } from './held-connections.js'
export type { SignOffHeard, SignOffHook } from './hooks.js'
export type { Decision } from './session-lookup.js'
export { SessionEnded, type SessionSignal } from './session-signal.js'
