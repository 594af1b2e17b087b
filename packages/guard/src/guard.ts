import {
  type CurfewEvent,
  DEFAULT_LEASE_MS,
  instanceName,
  isInstanceName,
  keysOf,
  renewalIntervalMs,
  type SessionRecord,
  sessionCookieName,
} from '@curfew/contract'
import { createFollower, type Gap, type StoreBehind } from './follower.js'
import { createHeldConnections, type Hold, type HoldEnd } from './held-connections.js'
import { holdConnection } from './hold.js'
import type { SignOffHook } from './hooks.js'
import { createRecentSignOffs } from './recent-sign-offs.js'
import { createSessionCache } from './session-cache.js'
import { createSessionLookup, type Decision } from './session-lookup.js'
import { type SessionSignal, signalSession } from './session-signal.js'
import { createStoreLink } from './store-link.js'
import { createUseReports } from './use-reports.js'

export interface GuardOptions {
  /** Where sessions and sign-offs are: `redis://…`, `rediss://…` or `redis+sentinel://…`, see redis-address.ts in contract. */
  readonly redisUrl: string
  /** The name of the service that mounts the guard, one word, for receipts and the list of instances. */
  readonly service: string
  /** What runs here, a release or a commit: for the list of instances. @default nothing is said */
  readonly version?: string
  /** Where browsers reach the one domain. Decides the cookie's name, and where people sign in. */
  readonly publicUrl: URL
  /**
   * Names this process, and no other one ever: a new process is a new instance. Made by `instanceName`.
   *
   * @default the service's name and random digits
   */
  readonly instance?: string
  /** @default "curfew" */
  readonly namespace?: string
  /**
   * How long memory may be answered from after Redis was last heard, in milliseconds. All services and
   * identity must agree on it.
   *
   * @default 5_000 (5 seconds)
   */
  readonly leaseMs?: number
  /**
   * How much longer than a lease memory is answered from while Redis is away, in milliseconds. In that time
   * people who were signed off, or blocked, may still be served here, so that every sign-off takes so much
   * longer until it is confirmed at the latest; its receipt says so.
   *
   * @default 0
   */
  readonly serveSignedOffUsersForMs?: number
  /** Sessions kept in memory at most. @default 100_000 */
  readonly maxEntries?: number
  /** Told about trouble with Redis and failing hooks. @default nothing is said */
  readonly onError?: (error: unknown) => void
}

export interface Guard {
  /**
   * Decides who is calling, from the `Cookie` header of a request. From memory it answers at once,
   * without a promise.
   */
  decide(cookieHeader: string | undefined): Decision | Promise<Decision>
  /** Runs when somebody is signed off, before that is confirmed. Returns how to take the hook away. */
  onSignOff(hook: SignOffHook): () => void
  /**
   * Is told when Redis has lost sign-offs, again and again until identity has recorded them again. Returns
   * how to stop listening.
   */
  onBehind(listener: (behind: StoreBehind) => void): () => void
  /** Keeps a long-lived connection only as long as its session. `onEnd` must close it, synchronously. */
  hold(session: SessionRecord, onEnd: (end: HoldEnd) => void): Hold
  /**
   * Tells work in flight when its session is signed off, before that is confirmed, or expires. To be
   * released when the work is done: the adapters' `signalOf` does so.
   */
  signal(session: SessionRecord): SessionSignal
  /** Hands a fact to the event log. @throws when Redis can't be asked */
  recordFact(event: CurfewEvent): Promise<void>
  /** Resolves as soon as memory may be answered from. */
  ready(): Promise<void>
  /** Asks Redis for a lease now. Resolves with whether there is one. */
  renew(): Promise<boolean>
  stats(): GuardStats
  /** Leaves the table of members and hangs up. Nothing is answered from memory afterwards. */
  close(): Promise<void>
  readonly instance: string
  readonly service: string
  readonly publicUrl: URL
}

export interface GuardStats {
  /** Whether memory may be answered from, now. */
  readonly following: boolean
  /** Whether sign-offs are heard as they happen. */
  readonly listening: boolean
  /** Whether Redis can be asked about a session that is not in memory. */
  readonly connected: boolean
  readonly history: string | null
  /** The newest sign-off that is applied here. */
  readonly sequence: number
  /** 0 when memory may not be answered from. Milliseconds. */
  readonly leaseLeftMs: number
  /** The last time that sign-offs were not heard and had to be caught up with; null when that never was. */
  readonly lastGap: Gap | null
  readonly entries: number
  /** Held connections, and signals of work in flight. */
  readonly held: number
  readonly hits: number
  readonly misses: number
  readonly flushes: number
  readonly hookFailures: number
}

/**
 * Mounts Curfew into a service. Connects at once, and goes on trying for as long as it lives; until it
 * has reached Redis it decides `unavailable`.
 *
 * @throws TypeError for `maxEntries` below 1, a `service` of several words, and an `instance` that another process
 *   may be called, too
 */
export function createGuard(options: GuardOptions): Guard {
  const {
    redisUrl,
    service,
    publicUrl,
    instance = instanceName(service),
    version = '',
    namespace = 'curfew',
    leaseMs: promisedLeaseMs = DEFAULT_LEASE_MS,
    serveSignedOffUsersForMs = 0,
    maxEntries = 100_000,
  } = options
  if (!(maxEntries >= 1)) throw new TypeError('maxEntries must be 1 or more')
  if (!/^[A-Za-z0-9][\w.-]*$/.test(service)) {
    throw new TypeError(`service must be one word of letters, digits, ".", "_" and "-", not ${service}`)
  }
  if (!isInstanceName(instance)) {
    throw new TypeError(
      `${instance} is no name of an instance: one word, ended by random digits. See instanceName().`,
    )
  }
  const onError = (error: unknown) => options.onError?.(withoutCommand(error))
  // Whoever serves for longer says so in its row, and every bound follows.
  const leaseMs = promisedLeaseMs + serveSignedOffUsersForMs
  const renewalMs = renewalIntervalMs(promisedLeaseMs)

  const cache = createSessionCache(maxEntries)
  const held = createHeldConnections(onError)
  const behindListeners = new Set<(behind: StoreBehind) => void>()
  const recent = createRecentSignOffs()
  const link = createStoreLink({
    redisUrl,
    keys: keysOf(namespace),
    instance,
    service,
    version,
    leaseMs,
    commandTimeoutMs: promisedLeaseMs / 2,
    onSignOff: (history, signOff) => follower.hear(history, signOff),
    onConnected: () => follower.sayHelloAnew(),
    onError,
  })
  const follower = createFollower({
    link,
    leaseMs,
    renewalMs,
    drop(signOff) {
      if (signOff === 'everything') {
        cache.clear()
        recent.clear()
        held.endAll('recheck')
      } else {
        recent.add(signOff)
        cache.dropCovered(signOff.target)
        held.endCovered(signOff.target, signOff.reason)
      }
    },
    onBehind(behind) {
      for (const listener of behindListeners) listener(behind)
    },
    onError,
  })
  const watching = { held, cache, follower, link, recent, onError, lookMs: renewalMs / 2 }
  const reports = createUseReports(link.reportUse, () => performance.now(), onError)
  const lookup = createSessionLookup({
    cookieName: sessionCookieName(publicUrl),
    cache,
    follower,
    link,
    reports,
    onError,
  })

  link.open()

  return {
    decide: lookup.decide,
    onSignOff: follower.onSignOff,
    onBehind(listener) {
      behindListeners.add(listener)
      return () => behindListeners.delete(listener)
    },
    hold: (session, onEnd) => holdConnection(watching, session, onEnd),
    signal: (session) => signalSession(watching, session),
    recordFact: (event) => link.recordFact(JSON.stringify(event)),
    ready: follower.ready,
    renew: follower.sayHello,
    stats: () => ({
      following: follower.mayServe(performance.now()),
      listening: link.listening,
      connected: link.connected,
      history: follower.state.history,
      sequence: follower.state.applied,
      leaseLeftMs: follower.leaseLeftMs,
      lastGap: follower.lastGap,
      entries: cache.size,
      held: held.size,
      ...lookup.counts,
      flushes: follower.state.flushes,
      hookFailures: follower.hookFailures,
    }),
    async close() {
      const hooksFinished = follower.close()
      cache.clear()
      held.endAll('recheck')
      await Promise.all([hooksFinished, reports.flush()])
      await link.close()
    },
    instance,
    service,
    publicUrl,
  }
}

/** ioredis' errors carry the command with its arguments: a password, when it was AUTH. */
function withoutCommand(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command')
  return error
}
