/** Claims to look at, in this order, until one has a value. */
export interface ClaimNames {
  readonly subject: readonly string[]
  readonly name: readonly string[]
  readonly email: readonly string[]
  readonly picture: readonly string[]
}

/**
 * What is known of a provider beforehand. Data, not code: everything in it can be said by configuration
 * as well, and configuration comes first.
 *
 * `{TENANT}` and the like are settings of their own, `CURFEW_PROVIDER_<NAME>_TENANT`; `variables` gives
 * their defaults, null where there is none.
 */
export interface Preset {
  readonly label: string
  readonly variables: Readonly<Partial<Record<PresetVariable, string | null>>>
  /** OIDC: everything else is discovered. */
  readonly issuer?: string
  /**
   * Some providers have an issuer for each of their customers behind one address: the discovery document
   * then names this template, and each ID token the issuer that comes of it with its own claim.
   */
  readonly tenantIssuer?: TenantIssuer
  /** Plain OAuth 2.0. */
  readonly authorizationUrl?: string
  readonly tokenUrl?: string
  readonly userinfoUrl?: string
  /** Lists `{email, primary, verified}` where the profile keeps the address to itself. */
  readonly emailsUrl?: string
  readonly revocationUrl?: string
  readonly scope?: string
  readonly claims?: Partial<ClaimNames>
  readonly rolesClaim?: string
  /** Further parameters of the authorization request. */
  readonly authorizationParams?: Readonly<Record<string, string>>
}

export interface TenantIssuer {
  readonly template: string
  readonly placeholder: string
  readonly claim: string
}

export type PresetVariable = 'DOMAIN' | 'TENANT' | 'REALM' | 'AUTHORIZATION_SERVER'

export type PresetName = 'github' | 'google' | 'entra' | 'keycloak' | 'okta' | 'auth0'

const MICROSOFT = 'https://login.microsoftonline.com'

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  // No OpenID provider. The login name can be given to somebody else, the number never is.
  github: {
    label: 'GitHub',
    variables: {},
    authorizationUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    userinfoUrl: 'https://api.github.com/user',
    emailsUrl: 'https://api.github.com/user/emails',
    scope: 'read:user user:email',
    claims: { subject: ['id'], name: ['name', 'login'], picture: ['avatar_url'] },
  },
  // A refresh token comes with access_type, not with a scope: Google refuses offline_access.
  google: {
    label: 'Google',
    variables: {},
    issuer: 'https://accounts.google.com',
    scope: 'openid profile email',
    authorizationParams: { access_type: 'offline' },
  },
  // TENANT is a directory's id or domain, or common, organizations, consumers.
  entra: {
    label: 'Microsoft',
    variables: { TENANT: null },
    issuer: `${MICROSOFT}/{TENANT}/v2.0`,
    tenantIssuer: {
      template: `${MICROSOFT}/{tenantid}/v2.0`,
      placeholder: '{tenantid}',
      claim: 'tid',
    },
    scope: 'openid profile email offline_access',
    claims: { name: ['name', 'preferred_username'], email: ['email', 'preferred_username'] },
  },
  // The mapper "realm roles" of the client scope "roles" must be added to the ID token or to userinfo.
  keycloak: {
    label: 'Keycloak',
    variables: { DOMAIN: null, REALM: null },
    issuer: 'https://{DOMAIN}/realms/{REALM}',
    scope: 'openid profile email',
    rolesClaim: 'realm_access.roles',
  },
  okta: {
    label: 'Okta',
    variables: { DOMAIN: null, AUTHORIZATION_SERVER: 'default' },
    issuer: 'https://{DOMAIN}/oauth2/{AUTHORIZATION_SERVER}',
    scope: 'openid profile email offline_access',
    rolesClaim: 'groups',
  },
  // Its issuer ends with a slash, and claims of one's own must be named like a URL.
  auth0: {
    label: 'Auth0',
    variables: { DOMAIN: null },
    issuer: 'https://{DOMAIN}/',
    scope: 'openid profile email offline_access',
  },
}
