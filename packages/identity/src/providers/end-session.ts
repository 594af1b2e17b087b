import { setTimeout as wait } from 'node:timers/promises'
import { ServiceError } from '@curfew/service'
import type { Provider } from './providers.js'

export interface EndSession {
  /** Tells the provider whose session to end, so that it need not ask. */
  readonly idToken: string | null
  /** Registered with the provider. */
  readonly postLogoutRedirectUri: string
  /** Comes back with the browser. Some providers don't send it back without one. */
  readonly state: string
}

export interface EndSessionOptions {
  /** How long to wait for what is not known of the provider yet, in milliseconds. @default 1_000 */
  readonly withinMs?: number
}

/**
 * Where to send the browser so that the provider ends its own session too.
 *
 * Null where the provider has no such place, or can't be asked soon enough: signing out here never
 * depends on it.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 section 2
 */
export async function endSessionUrl(
  provider: Provider,
  { idToken, postLogoutRedirectUri, state }: EndSession,
  { withinMs = 1_000 }: EndSessionOptions = {},
): Promise<URL | null> {
  const endpoint = await soon(endSessionEndpoint(provider), withinMs)
  if (endpoint === null) return null
  const url = new URL(endpoint)
  if (idToken !== null) url.searchParams.set('id_token_hint', idToken)
  url.searchParams.set('client_id', provider.config.clientId)
  url.searchParams.set('post_logout_redirect_uri', postLogoutRedirectUri)
  url.searchParams.set('state', state)
  return url
}

async function endSessionEndpoint(provider: Provider): Promise<string | null> {
  try {
    return (await provider.metadata()).endSessionUrl
  } catch (error) {
    // The provider is away, or not itself: the local sign-off has happened, and that is what counts.
    if (error instanceof ServiceError) return null
    throw error
  }
}

async function soon<T>(answer: Promise<T>, withinMs: number): Promise<T | null> {
  const enough = new AbortController()
  try {
    return await Promise.race([answer, wait(withinMs, null, { signal: enough.signal })])
  } finally {
    enough.abort()
  }
}
