import { ServiceError } from '@curfew/service'
import { isClaims } from './claims.js'
import type { ProviderMetadata } from './discovery.js'
import type { ProviderConfig } from './provider-config.js'
import { type ProviderAnswer, type ProviderHttp, providerFailed } from './provider-http.js'

/** What the token endpoint gave, checked for form. */
export interface TokenAnswer {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly idToken: string | null
  /** Seconds, null where the provider does not say. */
  readonly expiresIn: number | null
}

/**
 * Exchanges a code (or a refresh token) for tokens.
 *
 * @param grant the parameters of the grant, `grant_type` among them
 * @throws {ServiceError} `login-failed` when the provider does not accept the grant, or us;
 *   `provider-unavailable`, `provider-failed`
 * @see RFC 6749 sections 4.1.3 and 5
 */
export async function requestTokens(
  config: ProviderConfig,
  metadata: ProviderMetadata,
  http: ProviderHttp,
  grant: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const { headers, form } = authenticated(config, grant)
  const answer = await http.ask(metadata.tokenUrl, { purpose: 'token', headers, form })
  return tokensIn(answer, config.id)
}

/**
 * Proves to the provider who we are. In the body by default: providers disagree on how a secret is
 * encoded in the header (RFC 6749 section 2.3.1 says form-urlencoded, some take it as it is).
 */
export function authenticated(
  { clientId, clientSecret, clientAuthentication }: ProviderConfig,
  form: Readonly<Record<string, string>>,
): { headers: Record<string, string>; form: Record<string, string> } {
  if (clientAuthentication === 'client_secret_post') {
    return { headers: {}, form: { ...form, client_id: clientId, client_secret: clientSecret } }
  }
  const credentials = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`
  return {
    headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    form: { ...form },
  }
}

function tokensIn({ status, json }: ProviderAnswer, provider: string): TokenAnswer {
  const facts = { provider, purpose: 'token', status }
  const answer = isClaims(json) ? json : {}
  // GitHub says 200 and means no. Only the standard's words are taken into the log, never a description.
  const said = answer['error']
  if (said !== undefined || status >= 400) throw refused(facts, said)

  const { access_token: accessToken, token_type: tokenType } = answer
  if (status !== 200 || typeof accessToken !== 'string' || accessToken === '') throw providerFailed(facts)
  if (typeof tokenType === 'string' && tokenType.toLowerCase() !== 'bearer') {
    throw providerFailed({ ...facts, reason: 'token-type-unknown' })
  }
  return {
    accessToken,
    refreshToken: stringOrNull(answer['refresh_token']),
    idToken: stringOrNull(answer['id_token']),
    expiresIn: secondsIn(answer['expires_in']),
  }
}

function refused(facts: Record<string, unknown>, said: unknown): ServiceError {
  const error = typeof said === 'string' && /^[\w.-]{1,60}$/.test(said) ? said : 'unnamed'
  const codeRefused = CODE_REFUSED.has(error)
  return new ServiceError(
    'login-failed',
    codeRefused
      ? 'The provider no longer knows of this sign-in. It may have taken too long.'
      : 'The provider did not accept the way we asked. Whoever runs this site can find out why.',
    { ...facts, reason: codeRefused ? 'code-refused' : 'token-request-refused', error },
  )
}

/** GitHub has a word of its own for it. */
const CODE_REFUSED = new Set(['invalid_grant', 'bad_verification_code'])

const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)

const stringOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)

/** Some send a number as a string. */
function secondsIn(value: unknown): number | null {
  const seconds = typeof value === 'string' ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : null
}
