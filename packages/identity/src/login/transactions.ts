import { createHash, randomBytes } from 'node:crypto'
import type { Keys } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { storedJson } from '../stored-json.js'

/** A login under way, between here and the provider. */
export interface Transaction {
  readonly provider: string
  readonly nonce: string
  /** PKCE, RFC 7636 section 4.1. */
  readonly verifier: string
  readonly returnTo: string
  /** The newest sign-off when it began: one that comes later refuses the login. */
  readonly beganAtSequence: number
  readonly correlationId: string
}

export interface Transactions {
  /** Keeps a login that begins in a browser. Resolves with its `state`. */
  begin(transaction: Omit<Transaction, 'beganAtSequence'>, browserKey: string): Promise<string>
  /**
   * The login that began in this browser, once. Null when there is none, it has expired, it is another browser's, or
   * another version began it in a way that is not known here.
   */
  consume(state: string, browserKey: string): Promise<Transaction | null>
}

/** People look for their second factor; nobody looks for ten minutes. */
export const TRANSACTION_LIFETIME_MS = 10 * 60 * 1000

/**
 * One key for each login under way, so that any number of tabs may sign in at the same time, and none of
 * it in the session. Bound to the browser by the hash of a key that its cookie holds.
 */
export function createTransactions(redis: Redis, keys: Keys): Transactions {
  return {
    async begin(transaction, browserKey) {
      const state = randomBytes(32).toString('base64url')
      await evaluate(
        redis,
        BEGIN,
        [keys.login(state), keys.sequence],
        [JSON.stringify(transaction), hashOf(browserKey), TRANSACTION_LIFETIME_MS],
      )
      return state
    },

    async consume(state, browserKey) {
      if (!WELL_FORMED.test(state)) return null
      const reply = await evaluate(redis, CONSUME, [keys.login(state)], [hashOf(browserKey)])
      if (reply === null) return null
      const [transaction, beganAtSequence] = Consumed.parse(reply)
      const stored = Stored.safeParse(transaction)
      return stored.success ? { ...stored.data, beganAtSequence } : null
    },
  }
}

/**
 * KEYS  login, sequence
 * ARGV  transaction, hash of the browser key, lifetime ms
 */
const BEGIN = `
local head = redis.call('GET', KEYS[2]) or '0'
redis.call('HSET', KEYS[1], 'transaction', ARGV[1], 'browser', ARGV[2], 'began', head)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/**
 * The browser is looked at before anything is deleted: a callback that somebody else made up must not use
 * up this browser's login.
 *
 * KEYS  login
 * ARGV  hash of the browser key
 * Returns `{transaction, began}` or nil
 */
const CONSUME = `
local found = redis.call('HMGET', KEYS[1], 'transaction', 'browser', 'began')
if not found[1] or found[2] ~= ARGV[1] then return nil end
redis.call('DEL', KEYS[1])
return { found[1], found[3] }`

const WELL_FORMED = /^[\w-]{43}$/
const Consumed = z.tuple([z.string(), z.coerce.number()])
const Stored = storedJson.pipe(
  z.object({
    provider: z.string(),
    nonce: z.string(),
    verifier: z.string(),
    returnTo: z.string(),
    correlationId: z.string(),
  }),
)

function hashOf(browserKey: string): string {
  return createHash('sha256').update(browserKey).digest('base64url')
}
