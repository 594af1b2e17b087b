import { rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  CLIENT_SECRET,
  html,
  json,
  type ScriptedProvider,
  silence,
  startScriptedProvider,
} from '../testing/scripted-provider.js'
import { endSessionUrl } from './end-session.js'
import { createProvider } from './providers.js'
import { revokeTokens } from './revoke.js'

const test = suite('identity: farewell to the provider')

const PUBLIC_URL = new URL('http://localhost:4000')
const TOKENS = { accessToken: 'at', refreshToken: 'rt', idToken: 'it', accessTokenExpiresAt: null }
const GOODBYE = { idToken: 'it', postLogoutRedirectUri: 'http://localhost:4000/', state: 'a-state' }

const known = (provider: ScriptedProvider, timeoutMs = 2_000) =>
  createProvider(provider.configFor(PUBLIC_URL), { timeoutMs })

test('the refresh token is revoked first, then the access token, and we say who we are', async () => {
  await using provider = await startScriptedProvider()

  assert.is(await revokeTokens(known(provider), TOKENS), 'revoked')

  const client = { client_id: 'curfew', client_secret: CLIENT_SECRET }
  assert.equal(
    provider.asked.filter(({ endpoint }) => endpoint === 'revocation').map(({ form }) => form),
    [
      { token: 'rt', token_type_hint: 'refresh_token', ...client },
      { token: 'at', token_type_hint: 'access_token', ...client },
    ],
  )
})

test('without a refresh token there is only one to revoke', async () => {
  await using provider = await startScriptedProvider()

  await revokeTokens(known(provider), { ...TOKENS, refreshToken: null })

  assert.is(provider.countOf('revocation'), 1)
})

test('a provider that can’t revoke is left alone', async () => {
  await using provider = await startScriptedProvider()
  provider.changes.discovery['revocation_endpoint'] = undefined

  assert.is(await revokeTokens(known(provider), TOKENS), 'unsupported')
  assert.is(provider.countOf('revocation'), 0)
})

test('one kind that can’t be revoked does not spoil the other, and a token that is gone is revoked', async () => {
  await using provider = await startScriptedProvider()
  provider.script.revocation = (response, { form }) =>
    form['token_type_hint'] === 'access_token'
      ? json(response, { error: 'unsupported_token_type' }, 400)
      : json(response, { error: 'invalid_token' }, 400)

  assert.is(await revokeTokens(known(provider), TOKENS), 'revoked')
  provider.script.revocation = (response) => json(response, { error: 'unsupported_token_type' }, 400)
  assert.is(await revokeTokens(known(provider), TOKENS), 'unsupported')
})

test('only the status counts, whatever page comes with it', async () => {
  await using provider = await startScriptedProvider()
  provider.script.revocation = html()

  assert.is(await revokeTokens(known(provider), TOKENS), 'revoked')
})

test('what may go better next time is an error', async () => {
  await using provider = await startScriptedProvider()
  provider.script.revocation = html(503)
  await rejects(revokeTokens(known(provider), TOKENS), 'provider-unavailable')
  provider.script.revocation = silence
  await rejects(revokeTokens(known(provider, 100), TOKENS), 'provider-unavailable')
  provider.script.revocation = (response) => json(response, { error: 'invalid_client' }, 401)
  const error = await rejects(revokeTokens(known(provider), TOKENS), 'provider-failed')
  assert.not.match(JSON.stringify(Reflect.get(error, 'detail')), /hush|"rt"/)
  provider.script.revocation = html(404)
  await rejects(revokeTokens(known(provider), TOKENS), 'provider-failed')
})

test('the provider’s own session ends at its end-session endpoint', async () => {
  await using provider = await startScriptedProvider()
  provider.changes.discovery['end_session_endpoint'] = `${provider.issuer}/logout?tenant=1`

  const url = await endSessionUrl(known(provider), GOODBYE)

  assert.is(url?.origin, provider.issuer)
  assert.equal(Object.fromEntries(url?.searchParams ?? []), {
    tenant: '1',
    id_token_hint: 'it',
    client_id: 'curfew',
    post_logout_redirect_uri: 'http://localhost:4000/',
    state: 'a-state',
  })
  const unhinted = await endSessionUrl(known(provider), { ...GOODBYE, idToken: null })
  assert.is(unhinted?.searchParams.has('id_token_hint'), false)
})

test('signing out here never waits for a provider that has no such place, is down, wrong or silent', async () => {
  await using provider = await startScriptedProvider()

  provider.changes.discovery['end_session_endpoint'] = undefined
  assert.is(await endSessionUrl(known(provider), GOODBYE), null)
  provider.script.discovery = html(500)
  assert.is(await endSessionUrl(known(provider), GOODBYE), null)
  provider.script.discovery = html()
  assert.is(await endSessionUrl(known(provider), GOODBYE), null)
  provider.script.discovery = silence
  assert.is(await endSessionUrl(known(provider, 60_000), GOODBYE, { withinMs: 20 }), null)
})

test.run()
