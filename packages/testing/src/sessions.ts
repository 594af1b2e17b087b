import { randomBytes } from 'node:crypto'
import {
  createEvent,
  type EventType,
  keysOf,
  LUA_HISTORY_AND_HEAD,
  ONLY_PARTITION,
  randomSessionId,
  redisConnection,
  refOf,
  type SessionRecord,
  type SignOffReason,
  type SignOffTarget,
} from '@curfew/contract'
import { Redis } from 'ioredis'

export interface SessionWanted {
  /** The user's id. @default "ada" */
  readonly user?: string
  /** @default the user's id with a capital */
  readonly name?: string
  /** @default ["editor"] */
  readonly roles?: readonly string[]
  /** Milliseconds. @default 30 minutes */
  readonly idleTtlMs?: number
  /** From now until its absolute end, milliseconds. @default 12 hours */
  readonly lastsMs?: number
}

export interface GivenSession {
  /** For a `Cookie` header, or for {@link Browser.setCookie}. The name is that of plain http. */
  readonly cookie: string
  readonly ref: string
  readonly record: SessionRecord
}

/** Writes a session as a finished login leaves it: for tests of services that only mount the guard. */
export async function givenSession(
  redis: Redis,
  namespace: string,
  wanted: SessionWanted = {},
): Promise<GivenSession> {
  const { user = 'ada', roles = ['editor'], idleTtlMs = 1_800_000, lastsMs = 43_200_000 } = wanted
  const name = wanted.name ?? user.charAt(0).toUpperCase() + user.slice(1)
  const keys = keysOf(namespace)
  await redis.hsetnx(keys.user(user), 'generation', 0)
  await redis.hset(keys.user(user), 'name', name)

  const sessionId = randomSessionId(ONLY_PARTITION)
  const ref = refOf(sessionId)
  const now = Date.now()
  const record: SessionRecord = {
    v: 1,
    ref,
    family: randomBytes(16).toString('base64url'),
    revision: 0,
    user: { id: user, name, email: `${user}@example.com`, picture: null, roles },
    provider: 'dev',
    generation: Number(await redis.hget(keys.user(user), 'generation')),
    era: Number(await redis.get(keys.era)),
    createdAt: now,
    authTime: now,
    amr: ['pwd'],
    acr: null,
    idleTtlMs,
    expiresAt: now + lastsMs,
    device: { userAgent: 'CurfewTestBrowser/1.0', ip: '127.0.0.1' },
  }
  await redis.set(keys.session(ref), JSON.stringify(record))
  await redis.zadd(keys.sessionsOf(user), now, ref)
  await redis.zadd(keys.seen, now, ref)
  return { cookie: `curfew=${sessionId}`, ref, record }
}

/**
 * Opens the history that Redis has, as the first guard does, for tests in which there is none. Resolves with
 * its name.
 */
export async function openHistory(redis: Redis, namespace: string): Promise<string> {
  const keys = keysOf(namespace)
  return String(
    await redis.eval(OPEN_HISTORY, 2, keys.history, keys.sequence, randomBytes(16).toString('hex')),
  )
}

/** KEYS history, sequence; ARGV nonce candidate */
const OPEN_HISTORY = `${LUA_HISTORY_AND_HEAD}
redis.call('HSET', KEYS[1], 'opened', history, 'openedAt', head)
return history`

/**
 * Opens the history of a namespace in which nothing ever was, so that the first guard need not wait for others
 * who might know better.
 */
export async function openFirstHistory(redisUrl: string, namespace: string): Promise<void> {
  const redis = new Redis({ ...redisConnection(redisUrl) })
  if ((await redis.exists(keysOf(namespace).history)) === 0) await openHistory(redis, namespace)
  redis.disconnect()
}

/** What a sign-off may be asked to end: one session, or everything that a user has but one session. */
export type SignOffWanted =
  | { readonly session: SessionRecord }
  | { readonly userId: string; readonly except?: SessionRecord }

export interface RecordedSignOff {
  readonly sequence: number
  readonly target: SignOffTarget
}

/**
 * Signs off as identity's scripts do: the session or the generation, the sequence, both logs and the
 * bell in one step. Nobody waits for acknowledgements.
 */
export async function signOff(
  redis: Redis,
  namespace: string,
  wanted: SignOffWanted,
  reason: SignOffReason = 'admin',
): Promise<RecordedSignOff> {
  const keys = keysOf(namespace)
  const target: SignOffTarget =
    'session' in wanted
      ? {
          kind: 'session',
          family: wanted.session.family,
          ref: wanted.session.ref,
          userId: wanted.session.user.id,
        }
      : {
          kind: 'user',
          userId: wanted.userId,
          generation: Number(await redis.hget(keys.user(wanted.userId), 'generation')) + 1,
          ...(wanted.except === undefined ? {} : { except: wanted.except.family }),
        }
  const { type, ref }: { type: EventType; ref?: string } =
    target.kind === 'session' ? { type: 'session.revoked', ref: target.ref } : { type: 'user.logged-out' }
  const event = createEvent('identity', type, target.userId, {
    actor: 'root',
    reason,
    ...(ref === undefined ? {} : { ref }),
  })

  const livesOn = 'except' in wanted && target.kind === 'user' ? wanted.except : undefined
  const sequence = await redis.eval(
    SIGN_OFF,
    8,
    keys.history,
    keys.sequence,
    keys.signoffs,
    keys.log,
    keys.user(target.userId),
    target.kind === 'session' ? keys.session(target.ref) : keys.history,
    target.kind === 'session' ? keys.ended(target.family) : keys.history,
    livesOn ? keys.session(livesOn.ref) : keys.history,
    randomBytes(16).toString('hex'),
    target.kind,
    JSON.stringify({ target, reason, eventId: event.id }),
    JSON.stringify(event),
    keys.channels.signoffs,
    livesOn && target.kind === 'user' ? JSON.stringify({ ...livesOn, generation: target.generation }) : '',
  )
  return { sequence: Number(sequence), target }
}

/**
 * KEYS history, sequence, signoffs, log, user, session, tombstone, the session that lives on
 * ARGV nonce candidate, kind, sign-off, event, channel, the record of what lives on or nothing
 */
const SIGN_OFF = `${LUA_HISTORY_AND_HEAD}
local sequence = redis.call('INCR', KEYS[2])
if ARGV[2] == 'session' then
  redis.call('DEL', KEYS[6])
  redis.call('SET', KEYS[7], sequence)
else
  redis.call('HINCRBY', KEYS[5], 'generation', 1)
  if ARGV[6] ~= '' then redis.call('SET', KEYS[8], ARGV[6]) end
end
redis.call('XADD', KEYS[3], sequence .. '-0', 'signoff', ARGV[3])
redis.call('XADD', KEYS[4], '*', 'event', ARGV[4], 'sequence', sequence)
redis.call('PUBLISH', ARGV[5], history .. ' ' .. sequence .. ' ' .. ARGV[3])
return sequence`
