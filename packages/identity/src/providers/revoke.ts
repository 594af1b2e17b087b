import { ServiceError } from '@curfew/service'
import type { ProviderTokens } from '../login/finished-login.js'
import { isClaims } from './claims.js'
import type { Provider } from './providers.js'
import { authenticated } from './token-request.js'

/**
 * Tells the provider that the tokens of an ended session are of no more use: first the refresh token,
 * which lives longer, then the access token. Running it twice does no harm: a token that is already
 * gone counts as revoked.
 *
 * @returns `unsupported` where the provider has no revocation endpoint, or takes neither kind of token
 * @throws {ServiceError} when it should be tried again
 * @see RFC 7009 section 2
 */
export async function revokeTokens(
  provider: Provider,
  { refreshToken, accessToken }: ProviderTokens,
): Promise<'revoked' | 'unsupported'> {
  const { revocationUrl } = await provider.metadata()
  if (revocationUrl === null) return 'unsupported'

  const outcomes: Outcome[] = []
  if (refreshToken !== null)
    outcomes.push(await revoke(provider, revocationUrl, refreshToken, 'refresh_token'))
  outcomes.push(await revoke(provider, revocationUrl, accessToken, 'access_token'))
  return outcomes.includes('revoked') ? 'revoked' : 'unsupported'
}

type Outcome = 'revoked' | 'unsupported'

async function revoke(
  { config, http }: Provider,
  revocationUrl: string,
  token: string,
  kind: 'refresh_token' | 'access_token',
): Promise<Outcome> {
  const { headers, form } = authenticated(config, { token, token_type_hint: kind })
  const { status, said } = await ask()
  if (status === 200 || status === 204) return 'revoked'
  // An access token that is a JWT can't be revoked at some providers, and ends by itself (section 2.2.1).
  if (said === 'unsupported_token_type') return 'unsupported'
  // Google's word for a token that is gone already.
  if (said === 'invalid_token') return 'revoked'
  throw failed(status, said)

  async function ask() {
    try {
      const { status, json } = await http.ask(revocationUrl, { purpose: 'revocation', headers, form })
      const error = isClaims(json) ? json['error'] : undefined
      return { status, said: typeof error === 'string' ? error : 'unnamed' }
    } catch (error) {
      // The standard lets the body be anything, and only the status counts.
      const status = error instanceof ServiceError ? error.detail['status'] : undefined
      if (error instanceof ServiceError && error.code === 'provider-failed' && typeof status === 'number') {
        return { status, said: 'unnamed' }
      }
      throw error
    }
  }

  function failed(status: number, said: string): ServiceError {
    return new ServiceError('provider-failed', 'The provider did not take the revocation.', {
      provider: config.id,
      purpose: 'revocation',
      status,
      error: said.slice(0, 60),
    })
  }
}
