import type { JWTVerifyGetKey } from 'jose'
import { createDiscovery, type ProviderMetadata } from './discovery.js'
import { createProviderKeys } from './id-token.js'
import { type Identification, identify } from './identify.js'
import type { ProviderConfig } from './provider-config.js'
import { createProviderHttp, type ProviderHttp } from './provider-http.js'
import { requestTokens } from './token-request.js'

/** One provider, with what is known of it. Everything that asks it may throw a ServiceError that says so. */
export interface Provider {
  readonly config: ProviderConfig
  readonly http: ProviderHttp
  metadata(): Promise<ProviderMetadata>
  /** The keys it signs with. Null for plain OAuth 2.0. */
  keys(): Promise<JWTVerifyGetKey | null>
  /** Exchanges a code for tokens, and finds out whose they are. */
  redeem(grant: Readonly<Record<string, string>>, nonce: string): Promise<Identification>
}

export interface Providers {
  /** In the order of their names. */
  readonly all: readonly Provider[]
  find(id: string): Provider | null
}

export interface ProvidersOptions {
  /** How long a provider may take for an answer, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number
  /** How soon after fetching a provider's keys a token with an unknown one makes us ask again. @default 30_000 */
  readonly keysCooldownMs?: number
}

export function createProviders(
  configs: readonly ProviderConfig[],
  options: ProvidersOptions = {},
): Providers {
  const all = configs.map((config) => createProvider(config, options))
  const byId = new Map(all.map((provider) => [provider.config.id, provider]))
  return { all, find: (id) => byId.get(id) ?? null }
}

export function createProvider(
  config: ProviderConfig,
  { timeoutMs = 5_000, keysCooldownMs = 30_000 }: ProvidersOptions = {},
): Provider {
  const http = createProviderHttp(config.id, { timeoutMs })
  const { metadata } = createDiscovery(config, http)
  let known: { readonly url: string; readonly keys: JWTVerifyGetKey } | undefined

  async function keys(): Promise<JWTVerifyGetKey | null> {
    const { jwksUrl } = await metadata()
    if (jwksUrl === null) return null
    if (known?.url !== jwksUrl) {
      known = {
        url: jwksUrl,
        keys: createProviderKeys(config, jwksUrl, http, { cooldownMs: keysCooldownMs }),
      }
    }
    return known.keys
  }

  return {
    config,
    http,
    metadata,
    keys,
    async redeem(grant, nonce) {
      const about = await metadata()
      const answer = await requestTokens(config, about, http, grant)
      return identify({ config, http, metadata: about, keys: await keys() }, answer, nonce)
    },
  }
}
