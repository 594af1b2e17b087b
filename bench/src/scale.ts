/** How much is measured: enough for figures that can be quoted, or just enough to see that it works. */
export interface Scale {
  readonly leaseMs: number
  /** Rounds of the comparison by CPU time, and how many requests warm a server up. */
  readonly requestRounds: number
  readonly warmUpRequests: number
  readonly decisions: number
  /** By how many instances sign-offs are confirmed, and how often. */
  readonly instances: readonly number[]
  readonly signOffRounds: number
  readonly everywhereRounds: number
  readonly everywhereSessions: number
  readonly cachedSessions: number
  readonly storedSessions: number
  /** How often each is tried in a Redis with few sessions, and in one with many. */
  readonly triesInFull: number
}

export const FULL: Scale = {
  leaseMs: 5_000,
  requestRounds: 60,
  warmUpRequests: 20_000,
  decisions: 2_000_000,
  instances: [1, 10, 100],
  signOffRounds: 300,
  everywhereRounds: 5,
  everywhereSessions: 10_000,
  cachedSessions: 100_000,
  storedSessions: 1_000_000,
  triesInFull: 200,
}

export const QUICK: Scale = {
  leaseMs: 1_000,
  requestRounds: 2,
  warmUpRequests: 200,
  decisions: 10_000,
  instances: [1, 10, 100],
  signOffRounds: 3,
  everywhereRounds: 1,
  everywhereSessions: 10_000,
  cachedSessions: 1_000,
  storedSessions: 2_000,
  triesInFull: 3,
}
