import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Answer,
  CLIENT_SECRET,
  flood,
  html,
  json,
  NONCE,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from '../testing/scripted-provider.js'
import { createProvider } from './providers.js'

const test = suite('identity: token request')

const PUBLIC_URL = new URL('http://localhost:4000')
const GRANT = { grant_type: 'authorization_code', code: 'a-code', code_verifier: 'a-verifier' }

/** Long enough for the answers that come, on a busy machine too. */
const TIMEOUT_MS = 2_000

function redeem(provider: ScriptedProvider, fields: Record<string, string> = {}, timeoutMs = TIMEOUT_MS) {
  return createProvider(provider.configFor(PUBLIC_URL, fields), { timeoutMs }).redeem(GRANT, NONCE)
}

async function codeFor(answer: Answer, endpoint: 'token' | 'userinfo' = 'token', timeoutMs = TIMEOUT_MS) {
  await using provider = await startScriptedProvider()
  provider.script[endpoint] = answer
  try {
    await redeem(provider, {}, timeoutMs)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    assert.not.match(JSON.stringify([error.message, Reflect.get(error, 'detail')]), /hush|gold|a-code/)
    return Reflect.get(error, 'code')
  }
  return 'fine'
}

test('we prove who we are in the body, or in the header when that is configured', async () => {
  await using provider = await startScriptedProvider()

  await redeem(provider)
  await redeem(provider, { CLIENT_AUTHENTICATION: 'client_secret_basic' })

  const [post, basic] = provider.asked.filter(({ endpoint }) => endpoint === 'token')
  assert.equal(post?.form, { ...GRANT, client_id: 'curfew', client_secret: CLIENT_SECRET })
  assert.is(post?.headers['authorization'], undefined)
  assert.equal(basic?.form, GRANT)
  // RFC 6749 section 2.3.1: each part form-urlencoded, then joined.
  const credentials = Buffer.from(basic?.headers['authorization']?.slice('Basic '.length) ?? '', 'base64')
  assert.is(credentials.toString(), 'curfew:hush-hush%3A+not+for+the+log')
})

test('a refusal fails the login, however the provider words it', async () => {
  const says = (body: unknown, status: number) => codeFor((response) => json(response, body, status))

  assert.is(await says({ error: 'invalid_grant', error_description: 'gold' }, 400), 'login-failed')
  assert.is(await says({ error: 'bad_verification_code' }, 200), 'login-failed')
  assert.is(await says({ error: 'invalid_client' }, 401), 'login-failed')
  assert.is(await says({ error: 'gold gold <b>' }, 400), 'login-failed')
  assert.is(await says({ error: { message: 'gold' } }, 400), 'login-failed')
  assert.is(await says({}, 400), 'login-failed')
  assert.is(await codeFor((response) => void response.writeHead(400).end()), 'login-failed')
})

test('what is no answer is a failed provider', async () => {
  const says = (body: unknown, status = 200) => codeFor((response) => json(response, body, status))

  assert.is(await codeFor(html()), 'provider-failed')
  assert.is(await codeFor(html(400)), 'provider-failed')
  assert.is(await codeFor(flood), 'provider-failed')
  assert.is(await says({}), 'provider-failed')
  assert.is(await says([]), 'provider-failed')
  assert.is(await says({ access_token: 7 }), 'provider-failed')
  assert.is(await says({ access_token: 'gold', token_type: 'mac' }), 'provider-failed')
  assert.is(await says({ access_token: 'gold' }, 302), 'provider-failed')
  assert.is(await codeFor(html(), 'userinfo'), 'provider-failed')
  assert.is(await codeFor((response) => json(response, {}, 401), 'userinfo'), 'provider-failed')
  assert.is(await codeFor((response) => json(response, []), 'userinfo'), 'provider-failed')
})

test('a provider that is down or silent is unavailable', async () => {
  assert.is(await codeFor(html(502)), 'provider-unavailable')
  assert.is(await codeFor(silence, 'token', 200), 'provider-unavailable')
  assert.is(await codeFor(silence, 'userinfo', 200), 'provider-unavailable')
})

test('what a provider may leave out is not missed, and what it writes oddly is read', async () => {
  await using provider = await startScriptedProvider()
  Object.assign(provider.changes.token, {
    token_type: undefined,
    refresh_token: undefined,
    expires_in: '3600',
  })

  const { tokens } = await redeem(provider)

  assert.is(tokens.refreshToken, null)
  assert.ok(Math.abs((tokens.accessTokenExpiresAt ?? 0) - Date.now() - 3_600_000) < 10_000)
  provider.changes.token['expires_in'] = 'soon'
  assert.is((await redeem(provider)).tokens.accessTokenExpiresAt, null)
})

test('plain OAuth 2.0 knows its users from userinfo alone, and an address from the list', async () => {
  await using provider = await startScriptedProvider()
  const config = {
    ...provider.configFor(PUBLIC_URL, {
      PRESET: 'github',
      ISSUER: '',
      AUTHORIZATION_URL: `${provider.issuer}/authorize`,
      TOKEN_URL: `${provider.issuer}/token`,
      USERINFO_URL: `${provider.issuer}/userinfo`,
    }),
    emailsUrl: `${provider.issuer}/emails`,
  }
  const octocat = { id: 583231, login: 'octocat', name: null, email: null, avatar_url: 'https://a.example/1' }
  provider.script.userinfo = (response) => json(response, octocat)
  const redeemed = () => createProvider(config).redeem(GRANT, NONCE)

  assert.equal((await redeemed()).profile, {
    issuer: provider.issuer,
    subject: '583231',
    name: 'octocat',
    email: null,
    picture: 'https://a.example/1',
    roles: [],
  })
  provider.script.emails = (response) =>
    json(response, [
      { email: 'old@example.com', primary: false, verified: true },
      { email: 'octocat@example.com', primary: true, verified: true },
    ])
  assert.is((await redeemed()).profile.email, 'octocat@example.com')
  provider.script.emails = (response) => json(response, { message: 'Forbidden' }, 403)
  assert.is((await redeemed()).profile.email, null)
  assert.is(provider.countOf('discovery') + provider.countOf('jwks'), 0)
})

test.run()
