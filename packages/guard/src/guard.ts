import { randomBytes } from 'node:crypto'
import {
  type CurfewEvent,
  DEFAULT_LEASE_MS,
  isSessionId,
  keysOf,
  readCookie,
  refOf,
  renewalIntervalMs,
  type SessionRecord,
  type SignOff,
  sessionCookieName,
} from '@curfew/contract'
import {
  acknowledgedBy,
  type FollowInput,
  type Following,
  follow,
  type Instant,
  judgeRead,
  mayServe,
  NOT_FOLLOWING,
} from './following.js'
import { createHeldConnections, type Hold, type HoldEnd } from './held-connections.js'
import { runHooks, type SignOffHook } from './hooks.js'
import { type CacheEntry, createSessionCache } from './session-cache.js'
import { createStoreLink } from './store-link.js'
import { createUseReports, reportAfter } from './use-reports.js'

export interface GuardOptions {
  /** Where sessions and sign-offs are: `redis://…` or `rediss://…`. */
  readonly redisUrl: string
  /** The name of the service that mounts the guard, for receipts and the list of instances. */
  readonly service: string
  /** Where browsers reach the one domain. Decides the cookie's name, and where people sign in. */
  readonly publicUrl: URL
  /** Names this process, and no other one ever: a new process is a new instance. Random by default. */
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
  /** Sessions kept in memory at most. @default 100_000 */
  readonly maxEntries?: number
  /** Told about trouble with Redis and failing hooks. @default nothing is said */
  readonly onError?: (error: unknown) => void
}

/** Who is calling? */
export type Decision =
  | { readonly kind: 'session'; readonly session: SessionRecord }
  /** No session, or one that is over: ask them to sign in. */
  | { readonly kind: 'none' }
  /** Redis can't be asked. Nobody was signed off: keep the cookie, answer 503, try again. */
  | { readonly kind: 'unavailable' }

export interface Guard {
  /**
   * Decides who is calling, from the `Cookie` header of a request. From memory it answers at once,
   * without a promise.
   */
  decide(cookieHeader: string | undefined): Decision | Promise<Decision>
  /** Runs when somebody is signed off, before that is confirmed. Returns how to take the hook away. */
  onSignOff(hook: SignOffHook): () => void
  /** Keeps a long-lived connection only as long as its session. `onEnd` must close it, synchronously. */
  hold(session: SessionRecord, onEnd: (end: HoldEnd) => void): Hold
  /** Hands a fact to the event log. @throws when Redis can't be asked */
  recordFact(event: CurfewEvent): Promise<void>
  /** Resolves as soon as memory may be answered from. */
  ready(): Promise<void>
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
  readonly history: string | null
  /** The newest sign-off that is applied here. */
  readonly sequence: number
  readonly leaseLeftMs: number
  readonly entries: number
  readonly held: number
  readonly hits: number
  readonly misses: number
  readonly flushes: number
  readonly hookFailures: number
}

const NONE: Decision = { kind: 'none' }
const UNAVAILABLE: Decision = { kind: 'unavailable' }

/** A read that sign-offs keep overtaking is given up after so many tries. */
const MOST_READS = 5

/**
 * Mounts Curfew into a service. Connects at once, and goes on trying for as long as it lives; until it
 * has reached Redis it decides `unavailable`.
 */
export function createGuard(options: GuardOptions): Guard {
  const {
    redisUrl,
    service,
    publicUrl,
    instance = `${service}-${randomBytes(5).toString('hex')}`,
    namespace = 'curfew',
    leaseMs = DEFAULT_LEASE_MS,
    maxEntries = 100_000,
    onError = () => undefined,
  } = options

  const cookieName = sessionCookieName(publicUrl)
  const cache = createSessionCache(maxEntries)
  const held = createHeldConnections(onError)
  const hooks = new Set<SignOffHook>()
  const link = createStoreLink({
    redisUrl,
    keys: keysOf(namespace),
    instance,
    service,
    commandTimeoutMs: leaseMs / 2,
    onSignOff: (history, signOff) => step({ type: 'heard', history, signOff }),
    onListening: sayHello,
    onError,
  })
  const reports = createUseReports(link.reportUse, () => performance.now(), onError)
  const reading = new Map<string, Promise<Decision>>()
  const waitingForLease: Array<() => void> = []

  let state: Following = NOT_FOLLOWING
  let saidHello: Promise<boolean> | undefined
  let acknowledging = false
  let closed = false
  let hits = 0
  let misses = 0
  let hookFailures = 0

  link.open()
  const renewals = setInterval(sayHello, renewalIntervalMs(leaseMs)).unref()

  function decide(cookieHeader: string | undefined): Decision | Promise<Decision> {
    const sessionId = readCookie(cookieHeader, cookieName)
    if (sessionId === undefined) return NONE

    const entry = cache.get(sessionId)
    if (entry !== undefined) {
      const nowMs = performance.now()
      if (
        nowMs < entry.idleUntil &&
        nowMs < entry.expiresAt &&
        mayServe(state, { monotonicMs: nowMs, wallMs: Date.now() }, leaseMs)
      ) {
        hits++
        entry.used = true
        if (nowMs >= entry.reportAfter) reports.used(entry, nowMs)
        return entry.decision
      }
    }
    return isSessionId(sessionId) ? readOnce(sessionId) : NONE
  }

  /** Requests that miss together share one read: what makes that safe is `judgeRead`. */
  function readOnce(sessionId: string): Promise<Decision> {
    const underWay = reading.get(sessionId)
    if (underWay) return underWay
    misses++
    const read = readFresh(sessionId).finally(() => reading.delete(sessionId))
    reading.set(sessionId, read)
    return read
  }

  async function readFresh(sessionId: string): Promise<Decision> {
    const ref = refOf(sessionId)
    try {
      for (let tries = 0; tries < MOST_READS && !closed; tries++) {
        if (!mayServe(state, clock(), leaseMs) && !(await sayHello())) return UNAVAILABLE

        const flushesWhenSent = state.flushes
        const sentAt = performance.now()
        const answer = await link.read(ref)
        const verdict = judgeRead(state, { ...answer, flushesWhenSent })
        if (verdict === 'rejoin') await sayHello()
        // The lease must hold now, not only when the read was sent: the answer may have waited.
        if (verdict !== 'use' || !mayServe(state, clock(), leaseMs)) continue

        if (answer.found === null) {
          cache.drop(sessionId)
          return NONE
        }
        return keep(sessionId, answer.found, sentAt)
      }
    } catch (error) {
      onError(error)
    }
    return UNAVAILABLE
  }

  function keep(
    sessionId: string,
    found: { session: SessionRecord; idleLeftMs: number; leftMs: number; sinceSeenMs: number },
    sentAtMs: number,
  ): Decision {
    const session = deepFreeze(found.session)
    const entry: CacheEntry = {
      session,
      decision: { kind: 'session', session },
      idleUntil: sentAtMs + found.idleLeftMs,
      expiresAt: sentAtMs + found.leftMs,
      reportAfter: reportAfter(sentAtMs, session.idleTtlMs, found.sinceSeenMs),
      used: false,
    }
    cache.put(sessionId, entry)
    const nowMs = performance.now()
    if (nowMs >= entry.reportAfter) reports.used(entry, nowMs)
    return entry.decision
  }

  /** Renews the lease; all who want it at the same time share one. Resolves with whether we have one. */
  function sayHello(): Promise<boolean> {
    saidHello ??= renew().finally(() => {
      saidHello = undefined
    })
    return saidHello
  }

  async function renew(): Promise<boolean> {
    if (closed) return false
    const sentAt = clock()
    try {
      const { history, applied } = state
      const answer = await link.hello({ history, applied, acknowledged: acknowledgedBy(state) })
      step({ type: 'hello-answered', sentAt, ...answer })
    } catch (error) {
      onError(error)
    }
    return mayServe(state, clock(), leaseMs)
  }

  function step(input: FollowInput): void {
    if (closed) return
    const [next, effects] = follow(state, input)
    state = next
    for (const effect of effects) {
      switch (effect.type) {
        case 'apply':
          apply(effect.signOff)
          break
        case 'flush':
          flush(effect.history, effect.upTo)
          break
        case 'acknowledge':
          acknowledgeSoon()
          break
        case 'hello':
          void sayHello()
          break
      }
    }
    if (mayServe(state, clock(), leaseMs)) for (const resolve of waitingForLease.splice(0)) resolve()
  }

  function apply(signOff: SignOff): void {
    const history = state.history ?? ''
    cache.dropCovered(signOff.target)
    held.endCovered(signOff.target, signOff.reason)
    void tellHooks(signOff).then(() => step({ type: 'hooks-finished', history, sequence: signOff.sequence }))
  }

  function flush(history: string, upTo: number): void {
    cache.clear()
    held.endAll('recheck')
    void tellHooks('everything').then(() => step({ type: 'hooks-finished', history, sequence: upTo }))
  }

  async function tellHooks(signOff: SignOff | 'everything'): Promise<void> {
    if (hooks.size === 0) return
    await runHooks(hooks, signOff, leaseMs / 4, (error) => {
      hookFailures++
      onError(error)
    })
  }

  /** Of the sign-offs that are applied in one turn of the event loop, only the newest is acknowledged. */
  function acknowledgeSoon(): void {
    if (acknowledging) return
    acknowledging = true
    setImmediate(() => {
      acknowledging = false
      if (state.history === null || closed) return
      // Lost, it is said again by the next hello.
      link.acknowledge(state.history, acknowledgedBy(state)).catch(onError)
    })
  }

  function hold(session: SessionRecord, onEnd: (end: HoldEnd) => void): Hold {
    const connection = held.add(session, (end) => {
      clearTimeout(timer)
      onEnd(end)
    })
    let timer: NodeJS.Timeout | undefined
    // A sign-off may have come between the decision and this call; one that comes from now on is heard.
    void look('recheck')

    /** Whether the session has reached its end is known to Redis: it may be in use in other services. */
    async function look(endIfGone: HoldEnd): Promise<void> {
      const answer = await link.read(session.ref).catch(onError)
      if (!connection.open) return
      if (!answer || answer.history !== state.history) return end('recheck')
      if (answer.found === null) return end(endIfGone)
      const { idleLeftMs, leftMs } = answer.found
      timer = setTimeout(look, Math.min(idleLeftMs, leftMs, LONGEST_TIMER_MS) + 1, 'expired').unref()
    }

    function end(why: HoldEnd): void {
      release()
      onEnd(why)
    }

    function release(): void {
      clearTimeout(timer)
      connection.release()
    }

    return { mayDeliver: () => connection.open && mayServe(state, clock(), leaseMs), release }
  }

  return {
    decide,
    onSignOff(hook) {
      hooks.add(hook)
      return () => hooks.delete(hook)
    },
    hold,
    recordFact: (event) => link.recordFact(JSON.stringify(event)),
    ready: () =>
      mayServe(state, clock(), leaseMs)
        ? Promise.resolve()
        : new Promise((resolve) => waitingForLease.push(resolve)),
    stats: () => ({
      following: mayServe(state, clock(), leaseMs),
      listening: link.listening,
      history: state.history,
      sequence: state.applied,
      leaseLeftMs: leaseLeftMs(state, leaseMs),
      entries: cache.size,
      held: held.size,
      hits,
      misses,
      flushes: state.flushes,
      hookFailures,
    }),
    async close() {
      if (closed) return
      closed = true
      clearInterval(renewals)
      state = NOT_FOLLOWING
      cache.clear()
      held.endAll('recheck')
      await reports.flush()
      await link.close()
    },
    instance,
    service,
    publicUrl,
  }
}

function clock(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() }
}

function leaseLeftMs(state: Following, leaseMs: number): number {
  return state.leasedAt === null
    ? 0
    : Math.max(0, Math.round(state.leasedAt.monotonicMs + leaseMs - performance.now()))
}

/** Timers take 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 2

/** One object serves all requests of a session: nobody may change it under the others. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
