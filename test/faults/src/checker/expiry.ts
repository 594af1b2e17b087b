import type { Session } from './story.js'

/** The part of its idle time of which the last use may not have been noted. */
const UNNOTED = 0.25

/**
 * Whether a session may have ended by itself at a moment, since nobody had used it for long. A use is noted a
 * tenth of the idle time later at the latest, and later still where Redis was away.
 */
export function mayHaveExpired({ login, uses }: Session, moment: number): boolean {
  const { idleMs, end: began } = login
  if (idleMs === undefined) return false
  const used = uses.findLast(({ outcome, end }) => outcome === 'accepted' && end <= moment)
  return moment - (used?.end ?? began) > idleMs * (1 - UNNOTED)
}
