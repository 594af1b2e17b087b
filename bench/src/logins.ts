import { createHash } from 'node:crypto'
import { type Keys, ONLY_PARTITION, type SessionRecord } from '@curfew/contract'
import { createSessions } from '@curfew/identity/dist/sessions/sessions.js'
import { createSeal } from '@curfew/identity/dist/tokens/seal.js'
import type { Redis } from 'ioredis'

/**
 * Logins without a browser and a provider: from the finished login on it is identity's own code that runs.
 * Sessions are numbered, and any process knows the cookie of a number.
 */
export interface Logins {
  /** Signs this user in, or else somebody who has never been here. */
  logIn(user?: string): Promise<{ readonly n: number; readonly record: SessionRecord }>
  /** Signs in so many times. Resolves with the number of the first of these sessions; the others follow it. */
  logInMany(count: number, user?: string): Promise<number>
}

/** So many logins at a time: enough to keep Redis busy. */
const AT_A_TIME = 200

export interface LoginsOptions {
  readonly redis: Redis
  readonly keys: Keys
  /** Seals the tokens. */
  readonly tokenKey: Buffer
  /** The history that Redis has: a login is good in no other. */
  readonly history: string
}

export function createLogins({ redis, keys, tokenKey, history }: LoginsOptions): Logins {
  const times = { idleTtlMs: 30 * 60_000, absoluteTtlMs: 12 * 60 * 60_000 }
  const following = { stats: () => ({ history, sequence: 0 }), renew: async () => true }
  const sessions = createSessions(redis, keys, createSeal([tokenKey]), times, following)

  let numbers = 0

  function logInAs(n: number, user = `user-${n}`): Promise<SessionRecord> {
    return sessions.create(sessionIdOf(n), {
      provider: 'dev',
      profile: {
        issuer: 'https://provider.test',
        subject: user,
        name: `Ada ${user}`,
        email: `${user}@example.com`,
        picture: `https://provider.test/pictures/${user}.png`,
        roles: ['editor'],
      },
      tokens: TOKENS,
      authTime: Date.now(),
      amr: ['pwd'],
      acr: null,
      beganAtSequence: 0,
      device: { userAgent: USER_AGENT, ip: '203.0.113.7' },
      correlationId: '0194f3a2-6c1e-7b52-9d0e-2f1c5a7b8e90',
    })
  }

  return {
    async logIn(user) {
      const n = numbers++
      return { n, record: await logInAs(n, user) }
    },
    async logInMany(count, user) {
      const first = numbers
      numbers += count
      let next = first
      const work = async () => {
        while (next < first + count) await logInAs(next++, user)
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, work))
      return first
    },
  }
}

/** The session id of session number `n`, so that every process knows it. */
export function sessionIdOf(n: number): string {
  const bytes = createHash('sha256').update(`bench ${n}`).digest()
  return Buffer.concat([Buffer.of(ONLY_PARTITION), bytes]).toString('base64url')
}

export function cookieOf(n: number): string {
  return `curfew=${sessionIdOf(n)}`
}

/** As long as Google's: an opaque access token of 220 characters, a refresh token of 103, an ID token of 1,100. */
const TOKENS = {
  accessToken: 'a'.repeat(220),
  refreshToken: 'r'.repeat(103),
  idToken: 'i'.repeat(1_100),
  accessTokenExpiresAt: Date.now() + 3_600_000,
}

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
