import type { Browser, Page } from '@curfew/testing'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endSessionUrl } from '../providers/end-session.js'
import { createProvider } from '../providers/providers.js'
import { revokeTokens } from '../providers/revoke.js'
import { createSessions } from '../sessions/sessions.js'
import { givenApp } from '../testing/given-app.js'
import { CLIENT, startOpenIdProvider } from '../testing/openid-provider.js'
import { createSeal } from '../tokens/seal.js'

const test = suite('identity: login at a real provider')

async function given(
  env: Readonly<Record<string, string>> = {},
  client: Partial<ClientMetadata> = {},
  more: Configuration = {},
) {
  const openId = await startOpenIdProvider()
  const app = await givenApp({ env: { ...openId.env, ...env } })
  openId.register(app.url, client, more)
  const [config] = app.config.providers
  if (config === undefined) throw new TypeError('there is no provider')
  const times = { idleTtlMs: 1_800_000, absoluteTtlMs: 43_200_000 }
  return {
    app,
    provider: createProvider(config),
    sessions: createSessions(app.redis, app.keys, createSeal(app.config.TOKEN_KEYS), times, app.guard),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]()
      await openId[Symbol.asyncDispose]()
    },
  }
}

async function signIn(browser: Browser, login: string, returnTo = '/auth/session'): Promise<Page> {
  const page = await browser.get(`/auth/login?return_to=${encodeURIComponent(returnTo)}`)
  assert.is(page.status, 200, page.text)
  assert.is(page.url.hostname, '127.0.0.1', 'the sign-in page is on another site')
  return browser.submitForm({ login, password: 'any' })
}

test('a person signs in on the provider’s page, and again without it', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const before = Date.now()

  const page = await signIn(browser, 'ada', '/auth/session?deep=link')

  assert.is(page.status, 200, page.text)
  assert.is(page.url.search, '?deep=link')
  const { user, session } = JSON.parse(page.text)
  assert.is(user.name, 'ada of the provider')
  assert.is(user.email, 'ada@example.com')
  assert.equal(user.roles, ['editor', 'viewer'])
  assert.ok(session.authTime >= before - 1_000 && session.authTime <= Date.now(), 'auth_time of the provider')

  const again = await browser.get('/auth/login?return_to=/auth/session')
  assert.is(again.status, 200, 'the provider still knows them')
  assert.is(JSON.parse(again.text).user.id, user.id)
  assert.is(JSON.parse(again.text).session.authTime, session.authTime, 'that was when they proved it')
})

test('two people have two ids, and one person has one in every browser', async () => {
  await using world = await given()
  const ids = await Promise.all(
    ['ada', 'ada', 'grace'].map(async (name) => {
      const page = await signIn(await world.app.openBrowser(), name)
      return JSON.parse(page.text).user.id
    }),
  )

  assert.is(ids[0], ids[1])
  assert.is.not(ids[0], ids[2])
})

test('it proves who it is in the header where a provider insists', async () => {
  await using world = await given(
    { CURFEW_PROVIDER_DEV_CLIENT_AUTHENTICATION: 'client_secret_basic' },
    { token_endpoint_auth_method: 'client_secret_basic', client_secret: CLIENT.secret },
  )

  assert.is((await signIn(await world.app.openBrowser(), 'ada')).status, 200)
})

test('a wrong secret is nobody’s fault who signs in', async () => {
  await using world = await given({}, { client_secret: 'another-secret' })

  const page = await signIn(await world.app.openBrowser(), 'ada')

  assert.is(page.status, 400)
  assert.match(page.text, /Whoever runs this site can find out why/)
  const [event] = await world.app.events()
  assert.is(event?.data.reason, 'token-request-refused')
})

test('ID tokens that a provider signs otherwise are taken where that is allowed', async () => {
  const alg = { id_token_signed_response_alg: 'HS256' } as const
  const more: Configuration = { enabledJWA: { idTokenSigningAlgValues: ['HS256'] } }
  await using strict = await given({}, alg, more)
  await using lenient = await given({ CURFEW_PROVIDER_DEV_ID_TOKEN_ALGORITHMS: 'HS256' }, alg, more)

  assert.is((await signIn(await strict.app.openBrowser(), 'ada')).status, 400)
  assert.is((await signIn(await lenient.app.openBrowser(), 'ada')).status, 200)
})

test('the tokens that came with the login are revoked, and the provider’s session can be ended', async () => {
  await using world = await given()
  const browser = await world.app.openBrowser()
  const page = await signIn(browser, 'ada')
  const tokens = await world.sessions.tokensOf(JSON.parse(page.text).session.ref)
  if (tokens === null) throw new TypeError('no tokens were kept')
  assert.ok(tokens.refreshToken !== null, 'offline_access was asked for, since the provider has it')
  const userinfo = async () => {
    const { userinfoUrl } = await world.provider.metadata()
    const headers = { Authorization: `Bearer ${tokens.accessToken}` }
    return (await fetch(userinfoUrl ?? '', { headers })).status
  }
  assert.is(await userinfo(), 200)

  assert.is(await revokeTokens(world.provider, tokens), 'revoked')
  assert.is(await revokeTokens(world.provider, tokens), 'revoked', 'twice does no harm')
  assert.is(await userinfo(), 401)

  const goodbye = await endSessionUrl(world.provider, {
    idToken: tokens.idToken,
    postLogoutRedirectUri: `${world.app.url}/`,
    state: 'a-state',
  })
  const asked = await browser.get(goodbye?.href ?? '')
  assert.is(asked.status, 200, asked.text)
  const back = await browser.submitForm(
    {},
    { action: '/session/end/confirm', follow: ({ origin }) => origin !== world.app.url },
  )
  assert.is(back.location?.href, `${world.app.url}/?state=a-state`)
})

test.run()
