import { eventually } from '@curfew/testing'
import type { Curfew } from '../curfew.js'
import { cookieOf } from '../logins.js'
import type { SignedOff } from '../sign-off-client.js'

/**
 * Signs somebody in, and off again. Resolves when identity has tidied up behind it, so that
 * nothing goes on beside what is measured next.
 */
export async function signOffOne({ logins, signOffs, redis, keys }: Curfew): Promise<SignedOff> {
  const { n, record } = await logins.logIn()
  const signedOff = await signOffs.signOff(cookieOf(n), 'session')
  await eventually(async () => (await redis.exists(keys.tokens(record.ref))) === 0)
  return signedOff
}
