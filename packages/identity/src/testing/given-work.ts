import { redisUrl } from '@curfew/testing'
import { startWork, type WorkOptions } from '../work/work.js'
import type { givenIdentity } from './given-identity.js'

type World = Awaited<ReturnType<typeof givenIdentity>>

/** Background work over that world, with a provider that revokes whatever it is given. Stops at the end of its scope. */
export async function givenWork(world: World, wanted: Partial<WorkOptions> = {}) {
  /** The refresh tokens of which the provider was told. */
  const revoked: Array<string | null> = []
  const errors: unknown[] = []
  const work = startWork({
    redisUrl: await redisUrl(),
    redis: world.redis,
    keys: world.keys,
    sessions: world.sessions,
    revokeTokens: async (_provider, { refreshToken }) => {
      revoked.push(refreshToken)
      return 'revoked'
    },
    onError: (error) => errors.push(error),
    ...wanted,
  })
  return { revoked, errors, [Symbol.asyncDispose]: () => work.stop() }
}
