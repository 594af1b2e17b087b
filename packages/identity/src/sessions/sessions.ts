import { randomUUID } from 'node:crypto'
import { type Keys, nonceCandidate, parseSessionRecord, refOf, type SessionRecord } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { execAll, ServiceError } from '@curfew/service'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { FinishedLogin, ProviderTokens } from '../login/finished-login.js'
import { userIdOf } from '../login/user-id.js'
import type { Seal } from '../tokens/seal.js'
import { openTokens, sealTokens } from '../tokens/sealed-tokens.js'
import { followedBy, type HistoryFollowed } from './followed.js'
import { loginFacts, PROFILE_FIELDS, profileBefore } from './login-facts.js'
import { CREATE_SESSION, TOUCH_SESSION } from './scripts.js'
import { sweepExpired } from './sweep-expired.js'
import { termsOf } from './user-terms.js'

export interface SessionTimes {
  /** Unused for so long, a session ends. Milliseconds. */
  readonly idleTtlMs: number
  /** A session ends after so long in any case. Milliseconds. */
  readonly absoluteTtlMs: number
}

/** A session as its owner and admins see it. */
export interface ListedSession {
  readonly record: SessionRecord
  /** Epoch milliseconds, to about a tenth of the idle time. */
  readonly lastSeenAt: number
}

export interface Sessions {
  /**
   * Makes the session of a finished login, under a session id that nobody has seen before.
   *
   * @throws {ServiceError} `user-blocked`; `login-superseded` when the user was signed off or blocked
   *   after the login began; `store-unavailable` while Redis has a history that is not followed here, or the
   *   user is signed off again and again
   */
  create(sessionId: string, login: FinishedLogin): Promise<SessionRecord>
  /** The record as it is stored. Says nothing about its validity: that is the guard's to decide. */
  find(ref: string): Promise<SessionRecord | null>
  /** A user's sessions that have not ended, newest first. */
  listOf(userId: string): Promise<ListedSession[]>
  /** Notes that a stored session was used. False when it is gone, and then nothing is written. */
  touch(ref: string): Promise<boolean>
  /** The provider's tokens of a session, also of one that has just ended. @throws {SealBroken} when they can't be read, {SealUnknown} when another identity may read them */
  tokensOf(ref: string): Promise<ProviderTokens | null>
  /** Ends the sessions whose time has come, and tells the log. Resolves with how many. */
  sweepExpired(): Promise<number>
}

/** A user's generation changes only when they are signed off; to meet it moving twice is rare, ten times is a bug. */
const MOST_TRIES = 10

export function createSessions(
  redis: Redis,
  keys: Keys,
  seal: Seal,
  times: SessionTimes,
  guard: HistoryFollowed,
): Sessions {
  async function create(sessionId: string, login: FinishedLogin): Promise<SessionRecord> {
    const ref = refOf(sessionId)
    const userId = userIdOf(login.profile)
    const sealed = sealTokens(seal, login.tokens, ref)
    const createdAt = await redisNow()
    const [known, ...profile] = await redis.hmget(keys.user(userId), 'generation', ...PROFILE_FIELDS)
    const before = profileBefore(profile)
    let generation = Number(known ?? 1)
    let era = Number(await redis.get(keys.era))
    let hasRenewed = false

    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const record = recordOf({ ref, userId, generation, era, createdAt }, login, times)
      const reply = await evaluate(
        redis,
        CREATE_SESSION,
        [
          keys.history,
          keys.sequence,
          keys.session(ref),
          keys.tokens(ref),
          keys.user(userId),
          keys.sessionsOf(userId),
          keys.users,
          keys.userTerms,
          keys.expiries,
          keys.seen,
          keys.log,
          keys.era,
        ],
        [
          nonceCandidate(),
          ref,
          generation,
          JSON.stringify(record),
          sealed,
          times.absoluteTtlMs,
          times.idleTtlMs,
          login.beganAtSequence,
          userId,
          JSON.stringify(rowOf(login)),
          JSON.stringify(termsOf(login.profile)),
          JSON.stringify(loginFacts(record, login, before).map((fact) => JSON.stringify(fact))),
          era,
          ...followedBy(guard),
        ],
      )
      const [verdict, currentGeneration, currentEra] = CreateReply.parse(reply)
      if (verdict === 'created') return record
      if (verdict === 'blocked') throw new ServiceError('user-blocked', BLOCKED, { userId })
      if (verdict === 'superseded') throw new ServiceError('login-superseded', SUPERSEDED, { userId })
      if (verdict === 'closed') {
        // A lease in the history before may outlive its end: that there is one says nothing about this history.
        if (hasRenewed || !(await guard.renew())) {
          throw new ServiceError('store-unavailable', NOT_FINISHED, { userId })
        }
        hasRenewed = true
      }
      generation = currentGeneration
      era = currentEra
    }
    const cause = new Error(`the generation of user ${userId} did not hold still`)
    throw new ServiceError('store-unavailable', NOT_FINISHED, { userId }, { cause })
  }

  async function find(ref: string): Promise<SessionRecord | null> {
    const json = await redis.get(keys.session(ref))
    return json === null ? null : parseSessionRecord(json)
  }

  async function listOf(userId: string): Promise<ListedSession[]> {
    const refs = await redis.zrevrange(keys.sessionsOf(userId), 0, -1)
    if (refs.length === 0) return []
    const now = await redisNow()
    const [records, seen, generation, era] = await execAll(
      redis
        .pipeline()
        .mget(refs.map(keys.session))
        .zmscore(keys.seen, ...refs)
        .hget(keys.user(userId), 'generation')
        .get(keys.era),
    )
    const jsons = z.array(z.string().nullable()).parse(records)
    const lastSeen = z.array(z.coerce.number()).parse(seen)
    return jsons.flatMap((json, i) => {
      const record = json === null ? null : parseSessionRecord(json)
      if (record === null || record.generation !== Number(generation)) return []
      if (record.era !== Number(era)) return []
      const lastSeenAt = Math.max(lastSeen[i] ?? 0, record.createdAt)
      const over = now >= record.expiresAt || now >= lastSeenAt + record.idleTtlMs
      return over ? [] : [{ record, lastSeenAt }]
    })
  }

  /** Lifetimes are kept by Redis' clock, whatever ours says. Epoch milliseconds. */
  async function redisNow(): Promise<number> {
    const [seconds, microseconds] = await redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }

  async function touch(ref: string): Promise<boolean> {
    return (await evaluate(redis, TOUCH_SESSION, [keys.session(ref), keys.seen], [ref])) === 1
  }

  async function tokensOf(ref: string): Promise<ProviderTokens | null> {
    const sealed = await redis.get(keys.tokens(ref))
    return sealed === null ? null : openTokens(seal, sealed, ref)
  }

  return { create, find, listOf, touch, tokensOf, sweepExpired: () => sweepExpired({ redis, keys }) }
}

const BLOCKED = 'This account has been blocked. Ask an administrator to unblock it.'
const SUPERSEDED =
  'This account was signed off while you were signing in, so this login no longer counts. Please sign in again.'

const NOT_FINISHED = 'Signing in can’t be finished right now. Try again in a moment.'

const CreateReply = z.tuple([
  z.enum(['created', 'blocked', 'superseded', 'retry', 'closed']),
  z.number(),
  z.number(),
])

function recordOf(
  {
    ref,
    userId,
    generation,
    era,
    createdAt,
  }: { ref: string; userId: string; generation: number; era: number; createdAt: number },
  login: FinishedLogin,
  { idleTtlMs, absoluteTtlMs }: SessionTimes,
): SessionRecord {
  const { profile, provider, authTime, amr, acr, device } = login
  return {
    v: 1,
    ref,
    family: randomUUID(),
    revision: 1,
    user: {
      id: userId,
      name: profile.name,
      email: profile.email,
      picture: profile.picture,
      roles: profile.roles,
    },
    provider,
    generation,
    era,
    createdAt,
    authTime,
    amr,
    acr,
    idleTtlMs,
    expiresAt: createdAt + absoluteTtlMs,
    device,
  }
}

/** The fields of the user's row that a login refreshes. Redis hashes hold strings. */
function rowOf({ profile, provider }: FinishedLogin): Record<string, string> {
  return {
    issuer: profile.issuer,
    subject: profile.subject,
    provider,
    name: profile.name,
    email: profile.email ?? '',
    picture: profile.picture ?? '',
    roles: JSON.stringify(profile.roles),
  }
}
