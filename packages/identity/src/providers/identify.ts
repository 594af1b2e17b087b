import { ServiceError } from '@curfew/service'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { Profile, ProviderTokens } from '../login/finished-login.js'
import { isPlainText } from '../plain-text.js'
import { type Claims, emailOf, isClaims, profileOf } from './claims.js'
import type { ProviderMetadata } from './discovery.js'
import { verifyIdToken } from './id-token.js'
import type { ProviderConfig } from './provider-config.js'
import { type ProviderHttp, providerFailed } from './provider-http.js'
import type { TokenAnswer } from './token-request.js'

/** Who signed in, how, and what the provider gave us for them. */
export interface Identification {
  readonly profile: Profile
  readonly tokens: ProviderTokens
  /** Epoch milliseconds. */
  readonly authTime: number
  readonly amr: readonly string[]
  readonly acr: string | null
}

export interface IdentifyParts {
  readonly config: ProviderConfig
  readonly metadata: ProviderMetadata
  readonly http: ProviderHttp
  /** Null for plain OAuth 2.0. */
  readonly keys: JWTVerifyGetKey | null
}

/**
 * Finds out whose tokens these are: from the ID token, if the provider speaks OIDC, and from userinfo.
 *
 * @throws {ServiceError} `login-failed`, `provider-unavailable`, `provider-failed`
 */
export async function identify(
  parts: IdentifyParts,
  answer: TokenAnswer,
  nonce: string,
): Promise<Identification> {
  const { config, metadata, keys } = parts
  const answeredAt = Date.now()
  const idClaims = keys === null ? null : await idTokenClaims({ config, metadata, keys }, answer, nonce)
  const userClaims = await userinfo(parts, answer.accessToken)
  // OIDC Core section 5.3.2: otherwise tokens could be swapped for somebody else's.
  if (idClaims !== null && userClaims !== null && userClaims['sub'] !== idClaims.sub) {
    throw failed('userinfo-subject')
  }

  // What is signed comes first.
  const claims = { ...userClaims, ...idClaims }
  const profile = profileOf(config, idClaims?.iss ?? metadata.issuer, claims)
  if (profile === null) throw providerFailed({ provider: config.id, reason: 'subject-missing' })
  const amr = claims['amr']
  const acr = claims['acr']
  return {
    profile:
      profile.email === null ? { ...profile, email: await listedEmail(parts, answer.accessToken) } : profile,
    tokens: {
      accessToken: answer.accessToken,
      refreshToken: answer.refreshToken,
      idToken: answer.idToken,
      accessTokenExpiresAt:
        answer.expiresIn === null ? null : answeredAt + Math.floor(answer.expiresIn * 1000),
    },
    authTime: authTimeOf(idClaims, answeredAt),
    amr: Array.isArray(amr)
      ? amr.filter((method): method is string => isPlainText(method, 200)).slice(0, 20)
      : [],
    acr: isPlainText(acr, 200) ? acr : null,
  }
}

async function idTokenClaims(
  provider: { config: ProviderConfig; metadata: ProviderMetadata; keys: JWTVerifyGetKey },
  { idToken, accessToken }: TokenAnswer,
  nonce: string,
): Promise<JWTPayload> {
  if (idToken === null) throw failed('id-token-missing')
  return verifyIdToken(idToken, { nonce, accessToken }, provider)
}

async function userinfo(
  { config, metadata, http }: IdentifyParts,
  accessToken: string,
): Promise<Claims | null> {
  if (metadata.userinfoUrl === null) return null
  const { status, json } = await http.ask(metadata.userinfoUrl, {
    purpose: 'userinfo',
    headers: { Authorization: `Bearer ${accessToken}` },
  })
  if (status !== 200 || !isClaims(json))
    throw providerFailed({ provider: config.id, purpose: 'userinfo', status })
  return json
}

/** The verified main address from a provider's list of them, for those who hide it from their profile. */
async function listedEmail({ config, http }: IdentifyParts, accessToken: string): Promise<string | null> {
  if (config.emailsUrl === null) return null
  const { json } = await http.ask(config.emailsUrl, {
    purpose: 'emails',
    headers: { Authorization: `Bearer ${accessToken}` },
  })
  // An organisation may forbid the list: then there is no address, and that is all right.
  const entries: unknown[] = Array.isArray(json) ? json : []
  const main = entries.filter(isClaims).find(({ primary, verified }) => primary === true && verified === true)
  return emailOf(main?.['email'])
}

/** Never in the future: a session must not look fresher than it is. */
function authTimeOf(claims: JWTPayload | null, answeredAt: number): number {
  const seconds = claims?.['auth_time']
  if (typeof seconds !== 'number' || !(seconds > 0)) return answeredAt
  return Math.min(Math.floor(seconds * 1000), answeredAt)
}

function failed(reason: string): ServiceError {
  return new ServiceError(
    'login-failed',
    'The provider’s answer did not stand up to our checks, so you were not signed in.',
    { reason },
  )
}
