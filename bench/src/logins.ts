import { createHash } from 'node:crypto'
import { type Keys, ONLY_PARTITION, type SessionRecord } from '@curfew/contract'
import { createSessions } from '@curfew/identity/dist/sessions/sessions.js'
import { createSeal } from '@curfew/identity/dist/tokens/seal.js'
import type { Redis } from 'ioredis'

/** Logins without a browser and a provider: from the finished login on it is identity's own code that runs. */
export interface Logins {
  /** Makes session number `n`, of this user. */
  logIn(n: number, user: string): Promise<SessionRecord>
  /** Makes `count` sessions, the first of which is number `from`. By default each of a user of its own. */
  logInMany(from: number, count: number, userOf?: (n: number) => string): Promise<void>
}

/** So many logins at a time: enough to keep Redis busy. */
const AT_A_TIME = 200

export function createLogins(redis: Redis, keys: Keys, tokenKey: Buffer): Logins {
  const sessions = createSessions(redis, keys, createSeal([tokenKey]), {
    idleTtlMs: 30 * 60_000,
    absoluteTtlMs: 12 * 60 * 60_000,
  })

  function logIn(n: number, user: string): Promise<SessionRecord> {
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
    logIn,
    async logInMany(from, count, userOf = (n) => `user-${n}`) {
      let next = from
      const work = async () => {
        while (next < from + count) {
          const n = next++
          await logIn(n, userOf(n))
        }
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, work))
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
