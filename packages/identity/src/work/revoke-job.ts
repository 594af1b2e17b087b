import { type CurfewEvent, createEvent, type Keys } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { ProviderTokens } from '../login/finished-login.js'
import type { Sessions } from '../sessions/sessions.js'
import { SealBroken, SealUnknown } from '../tokens/seal.js'
import { DROP_TOKENS } from './scripts.js'

/** A provider that is down for minutes still gets its revocation: 1 s, 2 s, 4 s… about 17 minutes. */
export const ATTEMPTS = 11

/** What only another identity can read waits for one: until all of them are updated, or have the key. Milliseconds. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

const SHORTEST_WAIT_MS = 1_000

export interface RevokeOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly sessions: Pick<Sessions, 'tokensOf'>
  /** Tells the provider (RFC 7009). @throws when it should be tried again */
  readonly revokeTokens: (providerId: string, tokens: ProviderTokens) => Promise<'revoked' | 'unsupported'>
  readonly onError: (error: unknown) => void
}

/** The job `revoke-tokens`: has the tokens of an ended session revoked, and throws them away. May run twice. */
export function createRevokeJob({ redis, keys, sessions, revokeTokens, onError }: RevokeOptions) {
  return async function revoke(job: Job, token: string | undefined): Promise<void> {
    const { userId, ...session } = RevokeJob.parse(job.data)
    const { ref, provider } = session
    const facts = { actor: 'system', ...session }
    const drop = (event: CurfewEvent | null) =>
      evaluate(redis, DROP_TOKENS, [keys.tokens(ref), keys.log], [event ? JSON.stringify(event) : ''])

    try {
      const tokens = await sessions.tokensOf(ref)
      if (tokens === null) return
      const outcome = await revokeTokens(provider, tokens)
      await drop(outcome === 'revoked' ? createEvent('identity', 'token.revoked', userId, facts) : null)
    } catch (error) {
      if (error instanceof SealUnknown && ageMs(job) < LONGEST_WAIT_MS) return leave(job, token, error)
      const isLastTry = job.attemptsMade + 1 >= ATTEMPTS
      if (!isLastTry && !(error instanceof SealBroken)) throw error
      const reason = error instanceof SealBroken ? 'unreadable' : 'provider'
      await drop(createEvent('identity', 'token.revocation-failed', userId, { ...facts, reason }))
      throw new UnrecoverableError(error instanceof Error ? error.message : String(error))
    }
  }

  /** To whoever takes it up next: at first soon, and then after as long as it has waited until now. */
  async function leave(job: Job, token: string | undefined, error: SealUnknown): Promise<never> {
    onError(error)
    await job.moveToDelayed(Date.now() + Math.max(SHORTEST_WAIT_MS, ageMs(job)), token)
    throw new DelayedError()
  }
}

function ageMs(job: Job): number {
  return Date.now() - job.timestamp
}

const RevokeJob = z.object({
  ref: z.string(),
  provider: z.string(),
  subjectName: z.string().exactOptional(),
  correlationId: z.string().exactOptional(),
  userId: z.string().nullable(),
})
