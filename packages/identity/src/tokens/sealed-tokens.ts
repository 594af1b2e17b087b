import { z } from 'zod'
import type { ProviderTokens } from '../login/finished-login.js'
import { type Seal, SealUnknown } from './seal.js'

/** Seals the tokens of a session, for it alone. */
export function sealTokens(seal: Seal, tokens: ProviderTokens, ref: string): string {
  return seal.seal(JSON.stringify(tokens), ref)
}

/** @throws {SealBroken} as {@link Seal}; {SealUnknown} also when they are said in a way that is not known here */
export function openTokens(seal: Seal, sealed: string, ref: string): ProviderTokens {
  const tokens = Tokens.safeParse(parseJson(seal.open(sealed, ref)))
  // Who has our key is one of us.
  if (!tokens.success) throw new SealUnknown('tokens of a version that says them otherwise')
  return tokens.data
}

/** Undefined where it is none. The error would quote what is secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const Tokens = z.object({
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  idToken: z.string().nullable(),
  accessTokenExpiresAt: z.number().nullable(),
})
