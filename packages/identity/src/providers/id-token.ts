import { createHash, timingSafeEqual } from 'node:crypto'
import { ServiceError } from '@curfew/service'
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose'
import type { ProviderMetadata } from './discovery.js'
import type { ProviderConfig } from './provider-config.js'
import { type ProviderHttp, providerFailed } from './provider-http.js'

/** Clocks may differ by this much. Seconds. */
const TOLERANCE_SECONDS = 60

export interface IdTokenChecks {
  readonly nonce: string
  readonly accessToken: string
}

/**
 * Checks an ID token, and gives its claims.
 *
 * Signature by an accepted algorithm and one of the provider's keys, issuer, audience and authorized
 * party, `exp` and `iat` within a minute, our nonce, and `at_hash` where there is one.
 *
 * @throws {ServiceError} `login-failed` when it is not right; `provider-unavailable` or `provider-failed`
 *   when the provider's keys can't be had
 * @see OpenID Connect Core 1.0 section 3.1.3.7
 */
export async function verifyIdToken(
  idToken: string,
  { nonce, accessToken }: IdTokenChecks,
  provider: {
    readonly config: ProviderConfig
    readonly metadata: ProviderMetadata
    readonly keys: JWTVerifyGetKey
  },
): Promise<JWTPayload> {
  const { config, metadata, keys } = provider
  const { payload, protectedHeader } = await verified(idToken, keys, config)

  const expectedIssuer = issuerFor(metadata.issuer, config.tenantIssuer, payload)
  if (payload.iss !== expectedIssuer) throw refused('id-token-issuer')
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload['azp'] === undefined) {
    throw refused('id-token-authorized-party')
  }
  if (payload['azp'] !== undefined && payload['azp'] !== config.clientId) {
    throw refused('id-token-authorized-party')
  }
  const nowSeconds = Date.now() / 1000
  if ((payload.iat ?? Number.POSITIVE_INFINITY) > nowSeconds + TOLERANCE_SECONDS) {
    throw refused('id-token-from-the-future')
  }
  if (payload['nonce'] !== nonce) throw refused('nonce-mismatch')
  const hash = payload['at_hash']
  if (hash !== undefined && !isHashOf(accessToken, hash, protectedHeader))
    throw refused('id-token-access-token')
  return payload
}

/** The provider's keys, fetched when needed, and again when a token names one that is new. */
export function createProviderKeys(
  config: ProviderConfig,
  jwksUrl: string,
  http: ProviderHttp,
  { cooldownMs = 30_000 }: { readonly cooldownMs?: number } = {},
): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(jwksUrl), {
    cooldownDuration: cooldownMs,
    // Ours is the deadline.
    timeoutDuration: 60_000,
    [customFetch]: (url, { headers }) => http.fetchJson(url, { headers }),
  })
  const secret = new TextEncoder().encode(config.clientSecret)
  // Only reached for an algorithm that was let in by configuration.
  return async (header, token) => (header.alg?.startsWith('HS') ? secret : remote(header, token))
}

async function verified(idToken: string, keys: JWTVerifyGetKey, config: ProviderConfig) {
  try {
    return await jwtVerify(idToken, keys, {
      audience: config.clientId,
      algorithms: [...config.idTokenAlgorithms],
      clockTolerance: TOLERANCE_SECONDS,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    })
  } catch (error) {
    if (error instanceof ServiceError) throw error
    if (error instanceof errors.JWKSInvalid)
      throw providerFailed({ provider: config.id, purpose: 'keys' }, error)
    if (error instanceof errors.JOSEError) throw refused(reasonOf(error), error.code)
    throw error
  }
}

/** The issuer that the token must name. With a template, that of the tenant which the token itself names. */
function issuerFor(issuer: string, tenantIssuer: ProviderConfig['tenantIssuer'], payload: JWTPayload) {
  if (tenantIssuer === null || issuer !== tenantIssuer.template) return issuer
  const tenant = payload[tenantIssuer.claim]
  return typeof tenant === 'string' && /^[\w-]+$/.test(tenant)
    ? issuer.replace(tenantIssuer.placeholder, tenant)
    : undefined
}

/** @see OpenID Connect Core 1.0 section 3.1.3.6 */
function isHashOf(accessToken: string, hash: unknown, { alg = '' }: ProtectedHeaderParameters): boolean {
  if (typeof hash !== 'string') return false
  const bits = /(256|384|512)$/.exec(alg)?.[1] ?? '512'
  const digest = createHash(`sha${bits}`).update(accessToken).digest()
  const half = digest.subarray(0, digest.length / 2)
  const given = Buffer.from(hash, 'base64url')
  return given.length === half.length && timingSafeEqual(given, half)
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'id-token-expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'aud' ? 'id-token-audience' : 'id-token-claims'
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'id-token-algorithm'
  return 'id-token-signature'
}

function refused(reason: string, jose?: string): ServiceError {
  return new ServiceError(
    'login-failed',
    'The provider’s answer did not stand up to our checks, so you were not signed in.',
    { reason, ...(jose === undefined ? {} : { jose }) },
  )
}
