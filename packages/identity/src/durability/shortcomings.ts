/** What Redis says of itself. Null: it does not tell (a provider may hide it). */
export interface RedisFacts {
  readonly version: string
  readonly role: string
  readonly appendonly: boolean
  readonly appendfsync: string | null
  /** `no-appendfsync-on-rewrite`: nothing is synced while the append-only file is rewritten. */
  readonly pausesSyncing: boolean
  readonly evictionPolicy: string
  /** Replicas that are attached now. */
  readonly replicas: number
  /** The user that we are signed in as. */
  readonly user: string | null
  /** Whether a script may ask which history it is in. */
  readonly tellsScripts: boolean
}

export interface Shortcomings {
  /** What this Redis can't guarantee: a sentence each, that says what to set. */
  readonly lasting: readonly string[]
  /** What may be otherwise in a moment, or is for the operator to decide. */
  readonly passing: readonly string[]
}

const LEAST_VERSION = [6, 2] as const

/**
 * What keeps a Redis from holding what a confirmed sign-off promises.
 *
 * @param wanted how many replicas identity was told to wait for, and whether others can reach this Redis
 */
export function shortcomingsOf(
  facts: RedisFacts,
  wanted: { readonly replicas: number; readonly isLocal: boolean },
): Shortcomings {
  const {
    version,
    role,
    appendonly,
    appendfsync,
    pausesSyncing,
    evictionPolicy,
    replicas,
    user,
    tellsScripts,
  } = facts
  const lasting: string[] = []
  const passing: string[] = []

  if (isOlder(version)) {
    lasting.push(`Redis ${version} is too old: Curfew needs ${LEAST_VERSION.join('.')} or newer.`)
  }
  if (role !== 'master') {
    lasting.push(
      'This Redis is a replica, and nothing can be recorded there: REDIS_URL must lead to the master.',
    )
  }
  if (!tellsScripts) {
    lasting.push(
      'This Redis hides INFO from scripts, so that a restart or a failover can’t be noticed: allow INFO, or use another.',
    )
  }
  if (!appendonly) {
    lasting.push(
      'This Redis keeps no append-only file: a crash would undo sign-offs that were confirmed. Set appendonly yes.',
    )
  } else if (appendfsync === null) {
    lasting.push(
      'This Redis does not tell whether it syncs each write (CONFIG is not allowed): set appendfsync always, and let CONFIG GET be read.',
    )
  } else if (appendfsync !== 'always') {
    lasting.push(
      `This Redis has appendfsync ${appendfsync}: a crash would undo sign-offs that were confirmed a moment ago. Set appendfsync always.`,
    )
  }
  if (pausesSyncing) {
    lasting.push(
      'This Redis does not sync while it rewrites its file: a crash would undo sign-offs that were confirmed meanwhile. Set no-appendfsync-on-rewrite no.',
    )
  }
  if (evictionPolicy !== 'noeviction') {
    lasting.push(
      `This Redis evicts what does not fit (maxmemory-policy ${evictionPolicy}), also what keeps ended sessions ended. Set maxmemory-policy noeviction.`,
    )
  }
  if (replicas > wanted.replicas) {
    lasting.push(
      `This Redis has ${counted(replicas)}, but ${wanted.replicas} are waited for: a failover to another one could undo sign-offs that were confirmed. Set REDIS_REPLICAS to ${replicas}.`,
    )
  } else if (replicas < wanted.replicas) {
    passing.push(
      `Only ${replicas} of ${wanted.replicas} replicas are attached: no sign-off is confirmed before all are there, or REDIS_REPLICAS is set lower.`,
    )
  }
  if (user === 'default' && !wanted.isLocal) {
    passing.push(
      'Identity is signed in to Redis as the default user, who may do everything: docs/operations.md has access rules.',
    )
  }
  return { lasting, passing }
}

const counted = (replicas: number) => (replicas === 1 ? '1 replica' : `${replicas} replicas`)

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_VERSION
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}
