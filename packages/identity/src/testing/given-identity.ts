import { randomBytes } from 'node:crypto'
import { boundMs, keysOf, nonceCandidate, parseEvent } from '@curfew/contract'
import { createGuard, type GuardOptions } from '@curfew/guard'
import { evaluate } from '@curfew/guard/evaluate'
import { eventually, freshNamespace, openHistory, openRedis, redisUrl } from '@curfew/testing'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { createSessions } from '../sessions/sessions.js'
import { createUsers } from '../sessions/users.js'
import { createBell } from '../sign-off/bell.js'
import { type RecordDurably, recordOnDisk } from '../sign-off/record-durably.js'
import { createRecovery } from '../sign-off/recovery.js'
import type { UserRow } from '../sign-off/remembered.js'
import { parseWitnessReply } from '../sign-off/replies.js'
import { WITNESS_HISTORY } from '../sign-off/scripts.js'
import { createSignOffs, type SignOffOptions } from '../sign-off/sign-offs.js'
import { createSeal } from '../tokens/seal.js'
import { type LoginWanted, signInTo } from './logins.js'

export interface GivenOptions {
  readonly idleTtlMs?: number
  readonly absoluteTtlMs?: number
  readonly leaseMs?: number
}

/** What tests of sessions and sign-offs stand on: identity's parts over a real Redis, without HTTP. */
export async function givenIdentity(options: GivenOptions = {}) {
  const { idleTtlMs = 1_800_000, absoluteTtlMs = 43_200_000, leaseMs = 400 } = options
  const namespace = freshNamespace()
  const keys = keysOf(namespace)
  const redis = await openRedis()
  const errors: unknown[] = []
  const history = await openHistory(redis, namespace)
  const following = {
    stats: () => ({ history: upTo.history, sequence: 0 }),
    async renew() {
      const reply = await evaluate(
        redis,
        WITNESS_HISTORY,
        [keys.history, keys.sequence, keys.members],
        [nonceCandidate()],
      )
      upTo = { ...upTo, history: parseWitnessReply(reply).history }
      return true
    },
  }
  const record = recordOnDisk(redis)
  // Remembers everything of whatever history Redis has.
  let upTo = { history, sequence: Number.POSITIVE_INFINITY, since: 0 }
  const remembered = {
    blocked: new Map<string, UserRow>(),
    forget: () => undefined,
    between: () => null,
    onInformed: () => undefined,
    get upTo() {
      return upTo
    },
  }
  const recordDurably: RecordDurably = async (...what) => {
    const reply = await record(...what)
    const [first, second] = z.tuple([z.string()]).rest(z.unknown()).parse(reply)
    const met = first === 'recorded' || first === 'gone' ? String(second) : first
    if (met !== 'closed' && met !== upTo.history) upTo = { ...upTo, history: met }
    return reply
  }
  const bell = createBell({
    redis,
    recordDurably,
    ears: new Redis(await redisUrl(), { lazyConnect: true, autoResubscribe: false }),
    keys,
    remembered,
    boundMs: boundMs(leaseMs),
    self: 'identity',
    onError: (error) => errors.push(error),
  })
  const times = { idleTtlMs, absoluteTtlMs }
  const tokenKey = randomBytes(32)
  const seal = createSeal([tokenKey])
  const sessions = createSessions(redis, keys, seal, times, following)
  const guards: Array<{ close(): Promise<void> }> = []
  const users = createUsers(redis, keys)
  const signOffsWith = (wanted: Partial<SignOffOptions> = {}) =>
    createSignOffs({
      redis,
      recordDurably,
      keys,
      bell,
      guard: following,
      remembered,
      times,
      onError: (error) => errors.push(error),
      ...wanted,
    })
  const signOffs = signOffsWith()

  return {
    namespace,
    leaseMs,
    keys,
    redis,
    tokenKey,
    seal,
    bell,
    guard: following,
    remembered,
    sessions,
    errors,
    users,
    signOffs,
    /** The same, but for what a test says. */
    signOffsWith,

    /** Somebody who finished a login just now. */
    login: (wanted: LoginWanted = {}) => signInTo(sessions, wanted),

    /** Lifts whatever block there is. */
    async unblock({ id }: { readonly id: string }) {
      const user = await users.find(id)
      if (user === null) throw new TypeError('there is nobody to unblock')
      return signOffs.unblock(user, ADMIN)
    },

    /** As `after-restore` does. */
    endEveryone: () =>
      createRecovery({
        recordDurably,
        keys,
        remembered,
        guard: following,
        times,
        leaseMs,
        onRecovered: () => undefined,
        onError: (error) => errors.push(error),
      }).endEveryone({ ifBehind: null }),

    /** Another service that mounts a guard. */
    async mountGuard(wanted: Partial<GuardOptions> = {}) {
      const guard = createGuard({
        redisUrl: await redisUrl(),
        service: 'projects',
        publicUrl: new URL('http://localhost'),
        namespace,
        leaseMs,
        ...wanted,
      })
      guards.push(guard)
      await guard.ready()
      await eventually(() => guard.stats().listening)
      return guard
    },

    /** Until the table of members is believed: a bound after the history was first seen. */
    async settled() {
      await bell.lookAround()
      const settledAt = performance.now() + boundMs(leaseMs)
      await eventually(() => performance.now() > settledAt)
    },

    /** The types of the log's events, oldest first. */
    async logged(): Promise<string[]> {
      const entries = await redis.xrange(keys.log, '-', '+')
      return entries.map(([, [, json = '']]) => parseEvent(json)?.type ?? 'unreadable')
    },

    async [Symbol.asyncDispose]() {
      for (const guard of guards) await guard.close()
      bell.close()
      await redis[Symbol.asyncDispose]()
    },
  }
}

export const ADMIN = {
  id: 'the-admin',
  name: 'Ada Admin',
  ip: '127.0.0.1',
  userAgent: 'CurfewTestBrowser/1.0',
  correlationId: 'correlation-1',
}
