import { isClaims } from './claims.js'
import { isSafeProviderUrl } from './endpoint.js'
import type { ProviderConfig } from './provider-config.js'
import type { ProviderHttp } from './provider-http.js'
import { providerFailed } from './provider-http.js'

/** Where to ask a provider for what, and what it can do. */
export interface ProviderMetadata {
  /** OIDC: as in the discovery document (a template where it has one for each tenant). Else the origin of its pages. */
  readonly issuer: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly userinfoUrl: string | null
  readonly revocationUrl: string | null
  readonly endSessionUrl: string | null
  /** Null: plain OAuth 2.0, there is no ID token. */
  readonly jwksUrl: string | null
  /** It names itself in each callback (RFC 9207 section 3), so one that does not is not from it. */
  readonly namesItselfInCallback: boolean
  readonly scopes: readonly string[]
}

export interface Discovery {
  /**
   * Fetched at first use, then kept for an hour. Many that ask at once share one request, and a failure is
   * not kept longer than a second.
   *
   * @throws {ServiceError} `provider-unavailable`, `provider-failed`
   */
  metadata(): Promise<ProviderMetadata>
}

export interface DiscoveryOptions {
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
}

const KEPT_MS = 60 * 60 * 1000
const FAILURE_KEPT_MS = 1000

/** @see OpenID Connect Discovery 1.0 section 4 */
export function createDiscovery(
  config: ProviderConfig,
  http: ProviderHttp,
  { now = () => performance.now() }: DiscoveryOptions = {},
): Discovery {
  const { issuer } = config
  if (issuer === null) {
    const plain = plainMetadata(config)
    return { metadata: async () => plain }
  }

  let kept: Promise<ProviderMetadata> | undefined
  let keptUntil = 0
  return {
    metadata() {
      if (kept !== undefined && now() < keptUntil) return kept
      const asked = discover(config, issuer, http)
      kept = asked
      keptUntil = Number.POSITIVE_INFINITY
      asked.then(
        () => {
          keptUntil = now() + KEPT_MS
        },
        () => {
          keptUntil = now() + FAILURE_KEPT_MS
        },
      )
      return asked
    },
  }
}

/** Whether `issuer`, from a callback (RFC 9207), is the provider that the browser was sent to. */
export function isIssuerOf(
  { issuer: configured, tenantIssuer }: Pick<ProviderConfig, 'issuer' | 'tenantIssuer'>,
  metadata: ProviderMetadata,
  issuer: string,
): boolean {
  // Plain OAuth 2.0 has no document that says what its issuer is called.
  if (configured === null || issuer === metadata.issuer) return true
  return (
    tenantIssuer !== null &&
    metadata.issuer === tenantIssuer.template &&
    matchesTemplate(tenantIssuer, issuer)
  )
}

async function discover(
  config: ProviderConfig,
  issuer: string,
  http: ProviderHttp,
): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { status, json } = await http.ask(url, { purpose: 'discovery' })
  const facts = { provider: config.id, purpose: 'discovery', status }
  if (status !== 200 || !isClaims(json)) throw providerFailed(facts)

  // Another issuer's document, put in the place of this one's, would have us trust another's keys.
  const expected = [issuer, ...(config.tenantIssuer === null ? [] : [config.tenantIssuer.template])]
  const named = json['issuer']
  const isTenantOf = (name: string) =>
    config.tenantIssuer !== null && matchesTemplate(config.tenantIssuer, name)
  if (typeof named !== 'string' || !(expected.includes(named) || isTenantOf(named))) {
    throw providerFailed({ ...facts, reason: 'issuer-mismatch', expected: issuer, named })
  }

  const endpoint = (configured: string | null, name: string): string | null => {
    const found = configured ?? json[name] ?? null
    if (found === null) return null
    if (typeof found === 'string' && isSafeProviderUrl(found)) return found
    throw providerFailed({ ...facts, reason: 'endpoint-not-safe', name })
  }
  const needed = (found: string | null, name: string): string => {
    if (found === null) throw providerFailed({ ...facts, reason: 'endpoint-missing', name })
    return found
  }
  const { endpoints } = config
  return {
    issuer: named,
    authorizationUrl: needed(
      endpoint(endpoints.authorization, 'authorization_endpoint'),
      'authorization_endpoint',
    ),
    tokenUrl: needed(endpoint(endpoints.token, 'token_endpoint'), 'token_endpoint'),
    userinfoUrl: endpoint(endpoints.userinfo, 'userinfo_endpoint'),
    revocationUrl: endpoint(endpoints.revocation, 'revocation_endpoint'),
    endSessionUrl: endpoint(null, 'end_session_endpoint'),
    jwksUrl: needed(endpoint(null, 'jwks_uri'), 'jwks_uri'),
    namesItselfInCallback: json['authorization_response_iss_parameter_supported'] === true,
    scopes: stringsIn(json['scopes_supported']),
  }
}

function plainMetadata({ id, endpoints }: ProviderConfig): ProviderMetadata {
  const { authorization, token, userinfo, revocation } = endpoints
  if (authorization === null || token === null || userinfo === null) {
    throw new TypeError(`provider ${id} has neither an issuer nor endpoints`)
  }
  return {
    issuer: new URL(authorization).origin,
    authorizationUrl: authorization,
    tokenUrl: token,
    userinfoUrl: userinfo,
    revocationUrl: revocation,
    endSessionUrl: null,
    jwksUrl: null,
    namesItselfInCallback: false,
    scopes: [],
  }
}

/** Whether `issuer` is what the template becomes for some tenant. */
function matchesTemplate(
  { template, placeholder }: NonNullable<ProviderConfig['tenantIssuer']>,
  issuer: string,
) {
  const [before = '', after = ''] = template.split(placeholder)
  const tenant = issuer.slice(before.length, issuer.length - after.length)
  return issuer === `${before}${tenant}${after}` && /^[\w-]+$/.test(tenant)
}

const stringsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
