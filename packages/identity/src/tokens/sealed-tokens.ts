import { z } from 'zod'
import type { ProviderTokens } from '../login/finished-login.js'
import { storedJson } from '../stored-json.js'
import { type Seal, SealUnknown } from './seal.js'

/** Seals the tokens of a session, for it alone. */
export function sealTokens(seal: Seal, tokens: ProviderTokens, ref: string): string {
  return seal.seal(JSON.stringify(tokens), ref)
}

/** @throws {SealBroken} as {@link Seal}; {SealUnknown} also when they are said in a way that is not known here */
export function openTokens(seal: Seal, sealed: string, ref: string): ProviderTokens {
  const tokens = Tokens.safeParse(seal.open(sealed, ref))
  // Who has our key is one of us.
  if (!tokens.success) throw new SealUnknown('tokens of a version that says them otherwise')
  return tokens.data
}

const Tokens = storedJson.pipe(
  z.object({
    accessToken: z.string(),
    refreshToken: z.string().nullable(),
    idToken: z.string().nullable(),
    accessTokenExpiresAt: z.number().nullable(),
  }),
)
