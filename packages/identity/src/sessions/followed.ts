import type { Guard, GuardStats } from '@curfew/guard'

/** Which history this identity follows: in no other is a login finished, or a sign-off recorded. */
export interface HistoryFollowed extends Pick<Guard, 'renew'> {
  stats(): Pick<GuardStats, 'history' | 'sequence'>
}

/** For `isFollowed`: the history, and what is applied of it. */
export function followedBy(guard: Pick<HistoryFollowed, 'stats'>): [history: string, applied: number] {
  const { history, sequence } = guard.stats()
  return [history ?? '', sequence]
}

/**
 * Whether Redis has the history that identity follows, and no less of it than was seen: a number that went back
 * would be given to another sign-off, which nobody would apply who knows it.
 */
export const LUA_IS_FOLLOWED = `
local function isFollowed(name, applied) return isOpen and history == name and head >= tonumber(applied) end`
