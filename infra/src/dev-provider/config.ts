import { commonReaders, type Env, readEnv, secretly, text } from '@curfew/service'
import type { JWKS } from 'oidc-provider'

const readers = {
  ...commonReaders('provider'),
  CLIENT_SECRET: secretly(text()),
  /** Comma separated: the first signs, all verify. */
  COOKIE_KEYS: secretly((raw) => text()(raw).split(',')),
  SIGNING_KEYS: secretly(readKeySet),
}

export type ProviderConfig = Env<typeof readers>

/**
 * What the development provider reads. `npm start` makes the three secrets, once; `PUBLIC_URL` is Curfew's.
 *
 * @throws {ConfigInvalid}
 */
export const readConfig = (env: NodeJS.ProcessEnv): ProviderConfig => readEnv(env, readers)

/** A JSON Web Key Set with private keys (RFC 7517 section 5). */
function readKeySet(raw: string): JWKS {
  const keySet: unknown = JSON.parse(raw === '' ? 'null' : raw)
  if (!isKeySet(keySet)) throw new Error('must be a JSON Web Key Set')
  return keySet
}

const isKeySet = (value: unknown): value is JWKS =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
