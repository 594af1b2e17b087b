import { isSessionId, readCookie, refOf, type SessionRecord } from '@curfew/contract'
import type { Follower } from './follower.js'
import type { SessionCache } from './session-cache.js'
import type { ReadAnswer, StoreLink } from './store-link.js'
import { reportAfter, type UseReports } from './use-reports.js'

/** Who is calling? */
export type Decision =
  | { readonly kind: 'session'; readonly session: SessionRecord }
  /** No session, or one that is over: ask them to sign in. */
  | { readonly kind: 'none' }
  /** Redis can't be asked. Nobody was signed off: keep the cookie, answer 503, try again. */
  | { readonly kind: 'unavailable' }

export interface SessionLookupOptions {
  readonly cookieName: string
  readonly cache: SessionCache
  readonly follower: Follower
  readonly link: Pick<StoreLink, 'read'>
  readonly reports: UseReports
  readonly onError: (error: unknown) => void
}

const NONE: Decision = { kind: 'none' }
const UNAVAILABLE: Decision = { kind: 'unavailable' }

/** A read that sign-offs keep overtaking is given up after so many tries. */
const MOST_READS = 5

/** Finds the session of a request: in memory, under the lease, or else in Redis. */
export function createSessionLookup(options: SessionLookupOptions) {
  const { cookieName, cache, follower, link, reports, onError } = options
  const reading = new Map<string, Promise<Decision>>()
  let hits = 0
  let misses = 0

  /** The hot path: one scan of the header, one look into a Map, two clocks. No promise from memory. */
  function decide(cookieHeader: string | undefined): Decision | Promise<Decision> {
    const sessionId = readCookie(cookieHeader, cookieName)
    if (sessionId === undefined) return NONE

    const entry = cache.get(sessionId)
    if (entry !== undefined) {
      const nowMs = performance.now()
      if (nowMs < entry.idleUntil && nowMs < entry.expiresAt && follower.mayServe(nowMs)) {
        hits++
        entry.used = true
        if (nowMs >= entry.reportAfter) reports.used(entry, nowMs)
        return entry.decision
      }
    }
    return isSessionId(sessionId) ? readOnce(ownCopyOf(sessionId)) : NONE
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
      for (let tries = 0; tries < MOST_READS; tries++) {
        if (!follower.mayServe(performance.now()) && !(await follower.sayHello())) return UNAVAILABLE

        const flushesWhenSent = follower.state.flushes
        const sentAt = performance.now()
        const answer = await link.read(ref)
        const verdict = follower.judge(answer, flushesWhenSent)
        if (verdict === 'rejoin') await follower.sayHello()
        if (verdict !== 'use') continue

        if (answer.found !== null) return keep(sessionId, answer.found, sentAt)
        cache.drop(sessionId)
        return NONE
      }
    } catch (error) {
      onError(error)
    }
    return UNAVAILABLE
  }

  function keep(sessionId: string, found: NonNullable<ReadAnswer['found']>, sentAtMs: number): Decision {
    const session = deepFreeze(found.session)
    const entry = cache.put(sessionId, {
      session,
      idleUntil: sentAtMs + found.idleLeftMs,
      expiresAt: sentAtMs + found.leftMs,
      reportAfter: reportAfter(sentAtMs, session.idleTtlMs, found.sinceSeenMs),
    })
    const nowMs = performance.now()
    if (nowMs >= entry.reportAfter) reports.used(entry, nowMs)
    return entry.decision
  }

  return {
    decide,
    get counts() {
      return { hits, misses }
    },
  }
}

/** A part of a string keeps all of it in memory: here, each cookie of the header that it came in. */
function ownCopyOf(sessionId: string): string {
  return Buffer.from(sessionId, 'latin1').toString('latin1')
}

/** One object serves all requests of a session: nobody may change it under the others. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
