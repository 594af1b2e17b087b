/** How much is measured: enough for figures that can be quoted, or just enough to see that it works. */
export interface Scale {
  readonly leaseMs: number
  /**
   * Rounds of the comparison by CPU time, how many processes those have that matter most, and how many rounds
   * warm each up.
   */
  readonly requestRounds: number
  readonly requestProcesses: number
  readonly requestWarmUpRounds: number
  readonly decisions: number
  /** By which crowds of instances sign-offs are confirmed, and how often. */
  readonly crowds: readonly CrowdSize[]
  readonly warmUpRounds: number
  readonly signOffRounds: number
  readonly everywhereRounds: number
  readonly everywhereSessions: number
  readonly cachedSessions: number
  readonly storedSessions: number
  /** How often a login, a read and a sign-off are tried in a Redis with few sessions and in one with many. */
  readonly tries: number
  readonly storedEvents: number
  /** How often each search is tried. */
  readonly eventTries: number
  /** How many facts a viewer is told while it is measured. */
  readonly viewedFacts: number
  /** Lines of the console's log, and for how long each part of it is looked at, in milliseconds. */
  readonly consoleLines: number
  readonly consoleMs: number
}

/** So many instances, spread over so many processes. */
export interface CrowdSize {
  readonly instances: number
  readonly processes: number
}

export const FULL: Scale = {
  leaseMs: 5_000,
  requestRounds: 40,
  requestProcesses: 6,
  requestWarmUpRounds: 20,
  decisions: 500_000,
  crowds: [
    { instances: 1, processes: 1 },
    { instances: 10, processes: 10 },
    { instances: 100, processes: 100 },
    { instances: 100, processes: 4 },
  ],
  warmUpRounds: 100,
  signOffRounds: 300,
  everywhereRounds: 9,
  everywhereSessions: 10_000,
  cachedSessions: 100_000,
  storedSessions: 1_000_000,
  tries: 200,
  storedEvents: 1_000_000,
  eventTries: 25,
  viewedFacts: 2_000,
  consoleLines: 10_000,
  consoleMs: 10_000,
}

export const QUICK: Scale = {
  // As in the full form: with a shorter one, guards on a busy machine lapse, and are not among those that confirm.
  leaseMs: 5_000,
  requestRounds: 2,
  requestProcesses: 1,
  requestWarmUpRounds: 0.2,
  decisions: 10_000,
  // A hundred processes take half a minute to start.
  crowds: [
    { instances: 1, processes: 1 },
    { instances: 10, processes: 10 },
    { instances: 100, processes: 4 },
  ],
  warmUpRounds: 1,
  signOffRounds: 3,
  everywhereRounds: 1,
  everywhereSessions: 100,
  cachedSessions: 1_000,
  storedSessions: 2_000,
  tries: 3,
  storedEvents: 3_000,
  eventTries: 2,
  viewedFacts: 20,
  consoleLines: 500,
  consoleMs: 300,
}
