import { type CurfewEvent, createEvent, type Keys } from '@curfew/contract'
import { evaluate } from '@curfew/guard/evaluate'
import { type Job, UnrecoverableError } from 'bullmq'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { createLogWriter } from '../log-writer.js'
import type { ProviderTokens } from '../login/finished-login.js'
import { namedId } from '../named-id.js'
import type { Sessions } from '../sessions/sessions.js'
import { SealBroken, SealUnknown } from '../tokens/seal.js'
import { DROP_TOKENS } from './scripts.js'
import { LeftToAnother, mayWait } from './wait-for-another.js'

/** A provider that is down for minutes still gets its revocation: 1 s, 2 s, 4 s… about 17 minutes. */
export const ATTEMPTS = 11

export interface RevokeOptions {
  readonly redis: Redis
  readonly keys: Keys
  readonly sessions: Pick<Sessions, 'tokensOf'>
  /** Tells the provider (RFC 7009). @throws when it should be tried again */
  readonly revokeTokens: (providerId: string, tokens: ProviderTokens) => Promise<'revoked' | 'unsupported'>
}

/** The job `revoke-tokens`: has the tokens of an ended session revoked, and throws them away. May run twice. */
export function createRevokeJob({ redis, keys, sessions, revokeTokens }: RevokeOptions) {
  const writeToLog = createLogWriter(redis, keys)

  return async function revoke(job: Job): Promise<void> {
    const { userId, hasWaited, ...session } = RevokeJob.parse(job.data)
    const { ref, provider } = session
    const facts = { actor: 'system', ...session }
    // Killed before the job is done, it is said again, under the same id.
    const failed = (reason: string) => ({
      ...createEvent('identity', 'token.revocation-failed', userId, { ...facts, reason }),
      id: namedId(`token.revocation-failed ${job.id}`),
    })
    const drop = (event: CurfewEvent | null) =>
      evaluate(redis, DROP_TOKENS, [keys.tokens(ref), keys.log], [event ? JSON.stringify(event) : ''])

    try {
      const tokens = await sessions.tokensOf(ref)
      if (tokens === null) {
        // Nobody came who could read them until Redis let go of them.
        if (hasWaited) await writeToLog(failed('unreadable'))
        return
      }
      if (hasWaited) await job.updateData({ ...job.data, hasWaited: false })
      const outcome = await revokeTokens(provider, tokens)
      await drop(outcome === 'revoked' ? createEvent('identity', 'token.revoked', userId, facts) : null)
    } catch (error) {
      if (error instanceof SealUnknown && mayWait(job)) {
        await job.updateData({ ...job.data, hasWaited: true })
        throw new LeftToAnother(error.message, { cause: error })
      }
      const isLastTry = job.attemptsMade + 1 >= ATTEMPTS
      if (!isLastTry && !(error instanceof SealBroken)) throw error
      await drop(failed(error instanceof SealBroken ? 'unreadable' : 'provider'))
      throw new UnrecoverableError(error instanceof Error ? error.message : String(error))
    }
  }
}

const RevokeJob = z.object({
  ref: z.string(),
  provider: z.string(),
  subjectName: z.string().exactOptional(),
  correlationId: z.string().exactOptional(),
  userId: z.string().nullable(),
  /** For an identity that can read the tokens. */
  hasWaited: z.boolean().default(false),
})
