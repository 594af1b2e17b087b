import { createHash } from 'node:crypto'
import { rejects } from '@curfew/testing'
import { exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACCESS_TOKEN,
  CLIENT_SECRET,
  html,
  json,
  NONCE,
  type ScriptedProvider,
  startScriptedProvider,
} from '../testing/scripted-provider.js'
import { createProvider, type ProvidersOptions } from './providers.js'

const test = suite('identity: id token')

const PUBLIC_URL = new URL('http://localhost:4000')
const GRANT = { grant_type: 'authorization_code', code: 'a-code' }

function redeem(provider: ScriptedProvider, fields: Record<string, string> = {}, nonce = NONCE) {
  return createProvider(provider.configFor(PUBLIC_URL, fields)).redeem(GRANT, nonce)
}

async function reasonFor(
  prepare: (provider: ScriptedProvider) => void | Promise<void>,
  fields: Record<string, string> = {},
): Promise<unknown> {
  await using provider = await startScriptedProvider()
  await prepare(provider)
  const error = await rejects(redeem(provider, fields), 'login-failed')
  const detail: unknown = Reflect.get(error, 'detail')
  assert.not.match(`${error.message} ${JSON.stringify(detail)} ${String(error.cause)}`, /eyJ|an-access-token/)
  return detail instanceof Object ? Reflect.get(detail, 'reason') : undefined
}

const now = () => Math.floor(Date.now() / 1000)

test('a right one says who signed in, when and how', async () => {
  await using provider = await startScriptedProvider()
  const authTime = now() - 3_600
  Object.assign(provider.changes.idToken, {
    auth_time: authTime,
    amr: ['pwd', '\uD83D', 'otp'],
    acr: 'urn:strong',
  })

  const { profile, tokens, ...how } = await redeem(provider)

  assert.equal(profile, {
    issuer: provider.issuer,
    subject: 'ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    picture: null,
    roles: ['editor'],
  })
  assert.equal(how, { authTime: authTime * 1000, amr: ['pwd', 'otp'], acr: 'urn:strong' })
  assert.is(tokens.accessToken, ACCESS_TOKEN)
  assert.is(tokens.refreshToken, 'a-refresh-token')
  assert.ok(Math.abs((tokens.accessTokenExpiresAt ?? 0) - Date.now() - 600_000) < 10_000)
})

test('one that is not for us, not from there, or not for this login is refused', async () => {
  const changed = (changes: Record<string, unknown>) =>
    reasonFor((provider) => void Object.assign(provider.changes.idToken, changes))

  assert.is(await changed({ iss: 'https://evil.example' }), 'id-token-issuer')
  assert.is(await changed({ aud: 'another-client' }), 'id-token-audience')
  assert.is(await changed({ aud: ['curfew', 'another-client'] }), 'id-token-authorized-party')
  assert.is(await changed({ azp: 'another-client' }), 'id-token-authorized-party')
  assert.is(await changed({ nonce: 'another-nonce' }), 'nonce-mismatch')
  assert.is(await changed({ nonce: undefined }), 'nonce-mismatch')
  assert.is(await changed({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'id-token-access-token')
  assert.is(await changed({ sub: undefined }), 'id-token-claims')
  assert.is(await changed({ sub: 'mallory' }), 'userinfo-subject')
  assert.is(
    await reasonFor(({ changes }) => void Object.assign(changes.token, { id_token: undefined })),
    'id-token-missing',
  )
})

test('it has its time, and clocks may differ by a minute', async () => {
  const changed = (changes: Record<string, unknown>) =>
    reasonFor((provider) => void Object.assign(provider.changes.idToken, changes))

  assert.is(await changed({ exp: now() - 90 }), 'id-token-expired')
  assert.is(await changed({ exp: undefined }), 'id-token-claims')
  assert.is(await changed({ iat: undefined }), 'id-token-claims')
  assert.is(await changed({ iat: now() + 120 }), 'id-token-from-the-future')
  assert.is(await changed({ nbf: now() + 120 }), 'id-token-claims')

  await using provider = await startScriptedProvider()
  Object.assign(provider.changes.idToken, { exp: now() - 30, iat: now() + 30 })
  assert.is((await redeem(provider)).profile.subject, 'ada')
})

test('our own client as one of several audiences is right when it is the authorized party', async () => {
  await using provider = await startScriptedProvider()
  Object.assign(provider.changes.idToken, { aud: ['curfew', 'another-client'], azp: 'curfew' })

  assert.is((await redeem(provider)).profile.subject, 'ada')
})

test('the hash of the access token is compared where there is one', async () => {
  await using provider = await startScriptedProvider()
  const digest = createHash('sha256').update(ACCESS_TOKEN).digest()
  provider.changes.idToken['at_hash'] = digest.subarray(0, 16).toString('base64url')

  assert.is((await redeem(provider)).profile.subject, 'ada')
})

test('a signature by anybody else is worth nothing', async () => {
  const { privateKey } = await generateKeyPair('ES256')

  const forged = await reasonFor((provider) => {
    provider.sign = (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: provider.signing.kid }).sign(privateKey)
  })
  const unknownKey = await reasonFor((provider) => {
    provider.sign = (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'another' }).sign(privateKey)
  })
  const changedAfterwards = await reasonFor((provider) => {
    const { sign } = provider
    provider.sign = async (claims) => {
      const [header, , signature] = (await sign(claims)).split('.')
      const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' })).toString('base64url')
      return `${header}.${payload}.${signature}`
    }
  })
  const garbage = await reasonFor((provider) => {
    provider.sign = async () => 'garbage'
  })

  assert.equal([forged, unknownKey, changedAfterwards, garbage], new Array(4).fill('id-token-signature'))
})

test('no signature at all, and one with the public key as a secret, are refused', async () => {
  const none = await reasonFor((provider) => {
    provider.sign = async (claims) => new UnsecuredJWT(claims).encode()
  })
  const confused = async (provider: ScriptedProvider) => {
    const key = await importJWK(provider.signing.publicJwk, 'ES256')
    if (key instanceof Uint8Array) throw new TypeError('not a public key')
    const secret = new TextEncoder().encode(await exportSPKI(key))
    const { kid } = provider.signing
    provider.sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(secret)
  }
  const withOurSecret = (provider: ScriptedProvider) => {
    const secret = new TextEncoder().encode(CLIENT_SECRET)
    provider.sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret)
  }

  assert.is(none, 'id-token-algorithm')
  assert.is(await reasonFor(confused), 'id-token-algorithm')
  assert.is(await reasonFor(withOurSecret), 'id-token-algorithm')
  assert.is(await reasonFor(confused, { ID_TOKEN_ALGORITHMS: 'HS256' }), 'id-token-signature')
  assert.is(
    await reasonFor(() => {}, { ID_TOKEN_ALGORITHMS: 'PS256' }),
    'id-token-algorithm',
    'only what is configured',
  )

  await using provider = await startScriptedProvider()
  withOurSecret(provider)
  assert.is((await redeem(provider, { ID_TOKEN_ALGORITHMS: 'HS256' })).profile.subject, 'ada')
})

test('keys are fetched once, and again when a token names a new one, but not for each forged one', async () => {
  await using provider = await startScriptedProvider()
  const rotating: ProvidersOptions = { keysCooldownMs: 0 }
  const patient = createProvider(provider.configFor(PUBLIC_URL))
  const eager = createProvider(provider.configFor(PUBLIC_URL), rotating)

  await eager.redeem(GRANT, NONCE)
  await eager.redeem(GRANT, NONCE)
  assert.is(provider.countOf('jwks'), 1)
  await provider.rotateKey()
  assert.is((await eager.redeem(GRANT, NONCE)).profile.subject, 'ada')
  assert.is(provider.countOf('jwks'), 2)

  await patient.redeem(GRANT, NONCE)
  assert.is(provider.countOf('jwks'), 3)
  const { sign } = provider
  const { privateKey } = await generateKeyPair('ES256')
  provider.sign = (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: crypto.randomUUID() }).sign(privateKey)
  for (let i = 0; i < 5; i++) await rejects(patient.redeem(GRANT, NONCE), 'login-failed')
  assert.is(provider.countOf('jwks'), 3)
  provider.sign = sign
  await patient.redeem(GRANT, NONCE)
})

test('a provider whose keys can’t be had is to blame, not the login', async () => {
  await using provider = await startScriptedProvider()
  provider.script.jwks = html(500)
  await rejects(redeem(provider), 'provider-unavailable')
  provider.script.jwks = html()
  await rejects(redeem(provider), 'provider-failed')
  provider.script.jwks = (response) => json(response, { nothing: 'here' })
  await rejects(redeem(provider), 'provider-failed')
  provider.script.jwks = (response) => json(response, {}, 404)
  await rejects(redeem(provider), 'provider-failed')

  delete provider.script.jwks
  assert.is((await redeem(provider)).profile.subject, 'ada')
})

test('a tenant’s token must come from the tenant that it names', async () => {
  await using provider = await startScriptedProvider()
  const template = `${provider.issuer}/{tenantid}/v2.0`
  provider.changes.discovery['issuer'] = template
  const config = {
    ...provider.configFor(PUBLIC_URL),
    tenantIssuer: { template, placeholder: '{tenantid}', claim: 'tid' },
  }
  const redeemTenant = (claims: Record<string, unknown>) => {
    Object.assign(provider.changes.idToken, claims)
    return createProvider(config).redeem(GRANT, NONCE)
  }

  const { profile } = await redeemTenant({ iss: `${provider.issuer}/contoso/v2.0`, tid: 'contoso' })
  assert.is(profile.issuer, `${provider.issuer}/contoso/v2.0`)
  await rejects(redeemTenant({ tid: 'fabrikam' }), 'login-failed')
  await rejects(redeemTenant({ tid: undefined }), 'login-failed')
  await rejects(redeemTenant({ iss: template, tid: '{tenantid}' }), 'login-failed')
})

test.run()
