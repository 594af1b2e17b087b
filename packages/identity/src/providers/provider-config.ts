import { ConfigInvalid, oneOf, optional, type Reader, readEnv, secretly, text } from '@curfew/service'
import { isSafeProviderUrl } from './endpoint.js'
import {
  type ClaimNames,
  PRESETS,
  type Preset,
  type PresetName,
  type PresetVariable,
  type TenantIssuer,
} from './presets.js'

/** One way to sign in, as it is configured. */
export interface ProviderConfig {
  /** Stands in URLs, session records and events: the name of its variables, in lower case. */
  readonly id: string
  /** What people see on the button. */
  readonly label: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuthentication: ClientAuthentication
  /** `<PUBLIC_URL>/auth/callback/<id>`, to be registered with the provider. */
  readonly redirectUri: string
  /** OIDC when there is one, compared letter by letter. Null: plain OAuth 2.0. */
  readonly issuer: string | null
  readonly tenantIssuer: TenantIssuer | null
  /** What is configured comes before what is discovered. */
  readonly endpoints: ConfiguredEndpoints
  readonly emailsUrl: string | null
  /** Space separated. Null: what an OpenID provider says it has of `openid profile email offline_access` and roles. */
  readonly scope: string | null
  readonly claims: ClaimNames
  /** Where the roles are: a claim, or a path into one (`realm_access.roles`). */
  readonly rolesClaim: string
  readonly authorizationParams: Readonly<Record<string, string>>
  /** Accepted signatures of ID tokens (JWA names). HS* counts as signed with the client secret. */
  readonly idTokenAlgorithms: readonly string[]
}

export type ClientAuthentication = 'client_secret_post' | 'client_secret_basic'

export interface ConfiguredEndpoints {
  readonly authorization: string | null
  readonly token: string | null
  readonly userinfo: string | null
  readonly revocation: string | null
}

/**
 * Reads all `CURFEW_PROVIDER_<NAME>_<FIELD>`.
 *
 * | field                    | default                      | meaning                                                    |
 * | ------------------------ | ---------------------------- | ---------------------------------------------------------- |
 * | `PRESET`                 |                              | github, google, entra, keycloak, okta, auth0               |
 * | `DOMAIN` `TENANT` `REALM` `AUTHORIZATION_SERVER` | of the preset | what a preset's addresses are made with           |
 * | `ISSUER`                 | of the preset                | an OpenID provider: everything else is discovered          |
 * | `CLIENT_ID`              |                              | as registered with the provider                            |
 * | `CLIENT_SECRET`          |                              | also as `CLIENT_SECRET_FILE`                               |
 * | `CLIENT_AUTHENTICATION`  | `client_secret_post`         | or `client_secret_basic`                                   |
 * | `LABEL`                  | of the preset, or the name   | what people see on the button                              |
 * | `SCOPE`                  | of the preset, or discovered | space separated                                            |
 * | `ROLES_CLAIM`            | of the preset, or `roles`    | a claim, or a path into one                                |
 * | `SUBJECT_CLAIM` `NAME_CLAIM` `EMAIL_CLAIM` `PICTURE_CLAIM` | by kind | for providers that name them otherwise        |
 * | `AUTHORIZATION_URL` `TOKEN_URL` `USERINFO_URL` `REVOCATION_URL` | discovered | plain OAuth 2.0 needs the first three |
 * | `ID_TOKEN_ALGORITHMS`    | `RS256,PS256,ES256,EdDSA…`   | accepted signatures                                        |
 *
 * @throws {ConfigInvalid} with one sentence for each problem
 */
export function readProviders(env: NodeJS.ProcessEnv, publicUrl: URL): ProviderConfig[] {
  const { names, problems } = configuredNames(env)
  if (names.length === 0 && problems.length === 0) problems.push(NOBODY_CAN_SIGN_IN)

  const providers = names.flatMap((name) => {
    try {
      return [readProvider(env, name, publicUrl)]
    } catch (error) {
      if (!(error instanceof ConfigInvalid)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  if (problems.length > 0) throw new ConfigInvalid(problems)
  return providers
}

const PREFIX = 'CURFEW_PROVIDER_'

const NOBODY_CAN_SIGN_IN =
  `${PREFIX}<NAME>_ISSUER is needed at least once, with _CLIENT_ID and _CLIENT_SECRET: ` +
  'without a provider nobody can sign in'

function configuredNames(env: NodeJS.ProcessEnv): { names: string[]; problems: string[] } {
  const names = new Set<string>()
  const problems: string[] = []
  for (const variable of Object.keys(env).sort()) {
    if (!variable.startsWith(PREFIX)) continue
    const name = VARIABLE.exec(variable)?.[1]
    if (name === undefined) {
      problems.push(
        `${variable} is no setting of a provider: its name must end with one of ${FIELDS.join(', ')}`,
      )
    } else {
      names.add(name)
    }
  }
  return { names: [...names], problems }
}

function readProvider(env: NodeJS.ProcessEnv, name: string, publicUrl: URL): ProviderConfig {
  const own = ownEnv(env, name)
  const { PRESET } = readOwn(name, own, { PRESET: optional(oneOf(PRESET_NAMES)) })
  const preset = PRESET === undefined ? NO_PRESET : PRESETS[PRESET]
  const set = readOwn(name, own, fieldReaders)

  const problems: string[] = []
  const variable = (field: string) => `${PREFIX}${name}_${field}`
  const filled = (template: string | undefined) =>
    template === undefined
      ? null
      : fill(template, preset, own, (field) => problems.push(`${variable(field)} ${NEEDED}`))
  const issuer = set.ISSUER ?? filled(preset.issuer)
  const endpoints = {
    authorization: set.AUTHORIZATION_URL ?? filled(preset.authorizationUrl),
    token: set.TOKEN_URL ?? filled(preset.tokenUrl),
    userinfo: set.USERINFO_URL ?? filled(preset.userinfoUrl),
    revocation: set.REVOCATION_URL ?? filled(preset.revocationUrl),
  }
  const isPlain = endpoints.authorization !== null && endpoints.token !== null && endpoints.userinfo !== null
  if (issuer === null && !isPlain && problems.length === 0) {
    problems.push(
      `${variable('ISSUER')} is needed (or, for plain OAuth 2.0, AUTHORIZATION_URL, TOKEN_URL and USERINFO_URL)`,
    )
  }
  if (issuer !== null && !isSafeProviderUrl(issuer)) problems.push(`${variable('ISSUER')} ${ADDRESS}`)
  if (problems.length > 0) throw new ConfigInvalid(problems)

  const claims = { ...(issuer === null ? OAUTH_CLAIMS : OIDC_CLAIMS), ...preset.claims }
  const id = name.toLowerCase()
  return Object.freeze({
    id,
    label: set.LABEL ?? preset.label ?? id,
    clientId: set.CLIENT_ID,
    clientSecret: set.CLIENT_SECRET,
    clientAuthentication: set.CLIENT_AUTHENTICATION,
    redirectUri: new URL(`/auth/callback/${id}`, publicUrl).href,
    issuer,
    tenantIssuer: set.ISSUER === undefined ? (preset.tenantIssuer ?? null) : null,
    endpoints,
    emailsUrl: preset.emailsUrl ?? null,
    scope: set.SCOPE ?? preset.scope ?? null,
    claims: {
      subject: only(set.SUBJECT_CLAIM) ?? claims.subject,
      name: only(set.NAME_CLAIM) ?? claims.name,
      email: only(set.EMAIL_CLAIM) ?? claims.email,
      picture: only(set.PICTURE_CLAIM) ?? claims.picture,
    },
    rolesClaim: set.ROLES_CLAIM ?? preset.rolesClaim ?? 'roles',
    authorizationParams: preset.authorizationParams ?? {},
    idTokenAlgorithms: set.ID_TOKEN_ALGORITHMS,
  })
}

const only = (claim: string | undefined) => (claim === undefined ? undefined : [claim])

/** The settings of one provider under their short names, which readers of the environment take. */
function ownEnv(env: NodeJS.ProcessEnv, name: string): NodeJS.ProcessEnv {
  const prefix = `${PREFIX}${name}_`
  const own = Object.entries(env).filter(([variable]) => VARIABLE.exec(variable)?.[1] === name)
  return Object.fromEntries(own.map(([variable, value]) => [variable.slice(prefix.length), value]))
}

function readOwn<T extends Record<string, Reader<unknown>>>(
  name: string,
  own: NodeJS.ProcessEnv,
  readers: T,
) {
  try {
    return readEnv(own, readers)
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error
    throw new ConfigInvalid(error.problems.map((problem) => `${PREFIX}${name}_${problem}`))
  }
}

function fill(
  template: string,
  preset: Pick<Preset, 'variables'>,
  own: NodeJS.ProcessEnv,
  missing: (variable: string) => void,
): string {
  return Object.entries(preset.variables).reduce((filled, [variable, fallback]) => {
    if (!filled.includes(`{${variable}}`)) return filled
    const value = own[variable]?.trim() || fallback
    if (!value) missing(variable)
    return filled.replaceAll(`{${variable}}`, value ?? '')
  }, template)
}

const NEEDED = 'is needed by the preset (it is not set)'
const ADDRESS = 'must be an https:// address without query and fragment (http:// only for this machine)'

const address: Reader<string> = (raw) => {
  if (!isSafeProviderUrl(raw)) throw new Error(`must be an https:// address (http:// only for this machine)`)
  return raw
}

/** Kept as it is written: an issuer is compared letter by letter. */
const issuerAddress: Reader<string> = (raw) => {
  if (!isSafeProviderUrl(raw) || /[?#]/.test(raw)) throw new Error(ADDRESS)
  return raw
}

const algorithms: Reader<readonly string[]> = (raw) => {
  if (raw === '') return ASYMMETRIC
  const names = raw.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !ASYMMETRIC.includes(name) && !SYMMETRIC.includes(name))
  if (unknown !== undefined) throw new Error(`must be some of ${[...ASYMMETRIC, ...SYMMETRIC].join(', ')}`)
  return names
}

const ASYMMETRIC = ['RS', 'PS', 'ES']
  .flatMap((kind) => [`${kind}256`, `${kind}384`, `${kind}512`])
  .concat('EdDSA', 'Ed25519')
const SYMMETRIC = ['HS256', 'HS384', 'HS512']

const fieldReaders = {
  ISSUER: optional(issuerAddress),
  CLIENT_ID: text(),
  CLIENT_SECRET: secretly(text()),
  CLIENT_AUTHENTICATION: oneOf(['client_secret_post', 'client_secret_basic'], 'client_secret_post'),
  LABEL: optional(text()),
  SCOPE: optional(text()),
  ROLES_CLAIM: optional(text()),
  SUBJECT_CLAIM: optional(text()),
  NAME_CLAIM: optional(text()),
  EMAIL_CLAIM: optional(text()),
  PICTURE_CLAIM: optional(text()),
  AUTHORIZATION_URL: optional(address),
  TOKEN_URL: optional(address),
  USERINFO_URL: optional(address),
  REVOCATION_URL: optional(address),
  ID_TOKEN_ALGORITHMS: algorithms,
}

const PRESET_NAMES: readonly PresetName[] = ['github', 'google', 'entra', 'keycloak', 'okta', 'auth0']
const PRESET_VARIABLES: readonly PresetVariable[] = ['DOMAIN', 'TENANT', 'REALM', 'AUTHORIZATION_SERVER']
const NO_PRESET: Omit<Preset, 'label'> & { readonly label?: string } = { variables: {} }

/** The names that OIDC Core section 5.1 gives them. */
const OIDC_CLAIMS: ClaimNames = {
  subject: ['sub'],
  name: ['name', 'preferred_username', 'nickname', 'email'],
  email: ['email'],
  picture: ['picture'],
}

/** What providers without OIDC call them. */
const OAUTH_CLAIMS: ClaimNames = {
  subject: ['sub', 'id'],
  name: ['name', 'login', 'username'],
  email: ['email'],
  picture: ['picture', 'avatar_url'],
}

const FIELDS = ['PRESET', ...PRESET_VARIABLES, ...Object.keys(fieldReaders), 'CLIENT_SECRET_FILE']
const VARIABLE = new RegExp(`^${PREFIX}([A-Z0-9]+(?:_[A-Z0-9]+)*)_(?:${FIELDS.join('|')})$`)
