import { refOf } from '@curfew/contract'
import { eventually } from '@curfew/testing'
import type { Curfew } from '../curfew.js'
import { cookieOf, sessionIdOf } from '../logins.js'
import type { SignedOff } from '../sign-off-client.js'
import { rest } from './rest.js'

/**
 * Signs session number `n` off. Resolves when identity has tidied up behind it, so that nothing goes on beside
 * what is measured next.
 */
export async function signOffAlone(n: number, { signOffs, redis, keys }: Curfew): Promise<SignedOff> {
  await rest()
  const signedOff = await signOffs.signOff(cookieOf(n), 'session')
  const tokens = keys.tokens(refOf(sessionIdOf(n)))
  await eventually(async () => (await redis.exists(tokens)) === 0)
  return signedOff
}
