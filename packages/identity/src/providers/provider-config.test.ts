import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigInvalid } from '@curfew/service'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readProviders } from './provider-config.js'

const test = suite('identity: provider configuration')

const PUBLIC_URL = new URL('https://curfew.example')
const CLIENT = { CLIENT_ID: 'curfew', CLIENT_SECRET: 'hush' }

/** `{ DEV: { ISSUER: … } }` as environment. */
function env(providers: Readonly<Record<string, Readonly<Record<string, string>>>>): NodeJS.ProcessEnv {
  const variables = Object.entries(providers).flatMap(([name, fields]) =>
    Object.entries(fields).map(([field, value]) => [`CURFEW_PROVIDER_${name}_${field}`, value]),
  )
  return { PATH: '/bin', ...Object.fromEntries(variables) }
}

function readOne(fields: Readonly<Record<string, string>>) {
  const [provider] = readProviders(env({ ONE: { ...CLIENT, ...fields } }), PUBLIC_URL)
  if (provider === undefined) throw new TypeError('no provider was read')
  return provider
}

function problemsOf(variables: NodeJS.ProcessEnv): readonly string[] {
  try {
    readProviders(variables, PUBLIC_URL)
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems
    throw error
  }
  return []
}

test('an OpenID provider needs its issuer and our registration, and everything else follows', () => {
  const provider = readOne({ ISSUER: 'https://login.example/realm' })

  assert.equal(provider, {
    id: 'one',
    label: 'one',
    clientId: 'curfew',
    clientSecret: 'hush',
    clientAuthentication: 'client_secret_post',
    redirectUri: 'https://curfew.example/auth/callback/one',
    issuer: 'https://login.example/realm',
    tenantIssuer: null,
    endpoints: { authorization: null, token: null, userinfo: null, revocation: null },
    emailsUrl: null,
    scope: null,
    claims: {
      subject: ['sub'],
      name: ['name', 'preferred_username', 'nickname', 'email'],
      email: ['email'],
      picture: ['picture'],
    },
    rolesClaim: 'roles',
    authorizationParams: {},
    idTokenAlgorithms: provider.idTokenAlgorithms,
  })
  assert.ok(provider.idTokenAlgorithms.includes('RS256'))
  assert.not.ok(provider.idTokenAlgorithms.some((name) => name === 'none' || name.startsWith('HS')))
})

test('several providers stand side by side, also with underscores in their names', () => {
  const providers = readProviders(
    env({
      DEV: { ...CLIENT, ISSUER: 'http://127.0.0.1:4020', LABEL: 'Curfew demo' },
      MY_CORP: { ...CLIENT, ISSUER: 'https://login.corp.example' },
      GITHUB: { ...CLIENT, PRESET: 'github' },
    }),
    PUBLIC_URL,
  )

  assert.equal(
    providers.map(({ id, label, redirectUri }) => [id, label, redirectUri]),
    [
      ['dev', 'Curfew demo', 'https://curfew.example/auth/callback/dev'],
      ['github', 'GitHub', 'https://curfew.example/auth/callback/github'],
      ['my_corp', 'my_corp', 'https://curfew.example/auth/callback/my_corp'],
    ],
  )
})

test('a preset makes the addresses from its settings', () => {
  const issuers = {
    google: readOne({ PRESET: 'google' }),
    entra: readOne({ PRESET: 'entra', TENANT: 'common' }),
    keycloak: readOne({ PRESET: 'keycloak', DOMAIN: 'id.example', REALM: 'staff' }),
    okta: readOne({ PRESET: 'okta', DOMAIN: 'dev-1.okta.com' }),
    auth0: readOne({ PRESET: 'auth0', DOMAIN: 'dev-1.eu.auth0.com' }),
  }

  assert.equal(Object.fromEntries(Object.entries(issuers).map(([name, { issuer }]) => [name, issuer])), {
    google: 'https://accounts.google.com',
    entra: 'https://login.microsoftonline.com/common/v2.0',
    keycloak: 'https://id.example/realms/staff',
    okta: 'https://dev-1.okta.com/oauth2/default',
    auth0: 'https://dev-1.eu.auth0.com/',
  })
  assert.is(issuers.entra.tenantIssuer?.claim, 'tid')
  assert.is(issuers.keycloak.rolesClaim, 'realm_access.roles')
  assert.equal(issuers.google.authorizationParams, { access_type: 'offline' })
})

test('GitHub is plain OAuth 2.0, and its users are known by number', () => {
  const github = readOne({ PRESET: 'github' })

  assert.is(github.issuer, null)
  assert.is(github.endpoints.token, 'https://github.com/login/oauth/access_token')
  assert.equal(github.claims.subject, ['id'])
  assert.equal(github.claims.name, ['name', 'login'])
  assert.is(github.scope, 'read:user user:email')
})

test('what is set comes before what a preset says', () => {
  const provider = readOne({
    PRESET: 'keycloak',
    ISSUER: 'http://localhost:8080/realms/dev',
    SCOPE: 'openid',
    LABEL: 'Work',
    ROLES_CLAIM: 'https://example.com/roles',
    NAME_CLAIM: 'nickname',
    CLIENT_AUTHENTICATION: 'client_secret_basic',
    ID_TOKEN_ALGORITHMS: 'ES256, HS256',
  })

  assert.is(provider.issuer, 'http://localhost:8080/realms/dev')
  assert.is(provider.scope, 'openid')
  assert.is(provider.label, 'Work')
  assert.is(provider.rolesClaim, 'https://example.com/roles')
  assert.equal(provider.claims.name, ['nickname'])
  assert.is(provider.clientAuthentication, 'client_secret_basic')
  assert.equal(provider.idTokenAlgorithms, ['ES256', 'HS256'])
})

test('any OAuth 2.0 provider is described by its endpoints', () => {
  const provider = readOne({
    AUTHORIZATION_URL: 'https://forge.example/oauth/authorize',
    TOKEN_URL: 'https://forge.example/oauth/token',
    USERINFO_URL: 'https://forge.example/api/user',
    REVOCATION_URL: 'https://forge.example/oauth/revoke',
    SUBJECT_CLAIM: 'uid',
  })

  assert.is(provider.issuer, null)
  assert.is(provider.endpoints.revocation, 'https://forge.example/oauth/revoke')
  assert.equal(provider.claims.subject, ['uid'])
})

test('the secret may be in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-'))
  try {
    const file = join(folder, 'secret')
    writeFileSync(file, 'from-a-file\n')
    const variables = env({
      ONE: { ISSUER: 'https://login.example', CLIENT_ID: 'x', CLIENT_SECRET_FILE: file },
    })

    assert.is(readProviders(variables, PUBLIC_URL)[0]?.clientSecret, 'from-a-file')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('all problems are told at once, each by the name of its variable, and no secret with them', () => {
  const problems = problemsOf(
    env({
      A: { ISSUER: 'http://login.example', CLIENT_SECRET: 'hush-hush' },
      B: { ...CLIENT },
      C: { ...CLIENT, PRESET: 'keycloak', DOMAIN: 'id.example' },
      D: { ...CLIENT, PRESET: 'facebook' },
      E: { ...CLIENT, ISSUER: 'https://login.example', ID_TOKEN_ALGORITHMS: 'RS256,none' },
      F: { ...CLIENT, ISSUER: 'https://login.example', SECRET: 'x' },
    }),
  )

  const said = problems.join('\n')
  for (const expected of [
    /^CURFEW_PROVIDER_A_ISSUER must be an https:\/\/ address/m,
    /^CURFEW_PROVIDER_A_CLIENT_ID must not be empty/m,
    /^CURFEW_PROVIDER_B_ISSUER is needed/m,
    /^CURFEW_PROVIDER_C_REALM is needed by the preset/m,
    /^CURFEW_PROVIDER_D_PRESET must be one of github, google/m,
    /^CURFEW_PROVIDER_E_ID_TOKEN_ALGORITHMS must be some of RS256/m,
    /^CURFEW_PROVIDER_F_SECRET is no setting of a provider/m,
  ]) {
    assert.match(said, expected)
  }
  assert.not.match(said, /hush/)
})

test('secrets are sent to nobody in the clear, except on this machine', () => {
  for (const issuer of [
    'http://login.example',
    'ftp://login.example',
    'https://me:pw@login.example',
    'login',
  ]) {
    assert.is(problemsOf(env({ A: { ...CLIENT, ISSUER: issuer } })).length, 1, issuer)
  }
  for (const issuer of ['http://127.0.0.1:4020', 'http://localhost:4020', 'http://[::1]:4020']) {
    assert.equal(problemsOf(env({ A: { ...CLIENT, ISSUER: issuer } })), [], issuer)
  }
})

test('without any provider nobody could sign in, so that is a problem too', () => {
  assert.match(problemsOf({ PATH: '/bin' }).join(), /CURFEW_PROVIDER_<NAME>_ISSUER is needed at least once/)
})

test.run()
