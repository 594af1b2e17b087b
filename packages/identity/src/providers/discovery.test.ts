import { deferred, eventually, rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { html, json, type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.js'
import { createDiscovery, isIssuerOf } from './discovery.js'
import { createProviderHttp } from './provider-http.js'

const test = suite('identity: discovery')

const PUBLIC_URL = new URL('http://localhost:4000')
const HOUR = 3_600_000

function discover(provider: ScriptedProvider, fields: Record<string, string> = {}) {
  const clock = { now: 0 }
  const config = provider.configFor(PUBLIC_URL, fields)
  const discovery = createDiscovery(config, createProviderHttp('dev'), { now: () => clock.now })
  return { clock, config, ...discovery }
}

test('it is asked at first use, then not for an hour', async () => {
  await using provider = await startScriptedProvider()
  const { metadata, clock } = discover(provider)
  assert.is(provider.asked.length, 0)

  const first = await metadata()
  clock.now += HOUR - 1
  await metadata()
  assert.is(provider.countOf('discovery'), 1)
  clock.now += 1
  await metadata()

  assert.is(provider.countOf('discovery'), 2)
  assert.is(first.tokenUrl, `${provider.issuer}/token`)
  assert.is(first.endSessionUrl, `${provider.issuer}/logout`)
  assert.is(first.namesItselfInCallback, false)
})

test('many that ask at once share one request', async () => {
  await using provider = await startScriptedProvider()
  const gate = deferred()
  provider.script.discovery = async (response) => {
    await gate.promise
    json(response, { error: 'down' }, 503)
  }
  const { metadata } = discover(provider)

  const asking = Array.from({ length: 20 }, () => metadata())
  await eventually(() => provider.countOf('discovery') > 0)
  gate.resolve()

  for (const one of asking) await rejects(one, 'provider-unavailable')
  assert.is(provider.countOf('discovery'), 1)
})

test('a failure is forgotten after a second', async () => {
  await using provider = await startScriptedProvider()
  provider.script.discovery = html(500)
  const { metadata, clock } = discover(provider)
  await rejects(metadata(), 'provider-unavailable')
  delete provider.script.discovery

  clock.now += 999
  await rejects(metadata(), 'provider-unavailable')
  clock.now += 1
  assert.is((await metadata()).issuer, provider.issuer)
})

test('somebody else’s document is refused', async () => {
  for (const issuer of ['https://evil.example', undefined, 7]) {
    await using provider = await startScriptedProvider()
    provider.changes.discovery['issuer'] = issuer
    await rejects(discover(provider).metadata(), 'provider-failed')
  }
  await using provider = await startScriptedProvider()
  provider.changes.discovery['issuer'] = `${provider.issuer}/`
  await rejects(discover(provider).metadata(), 'provider-failed')
})

test('endpoints that are missing or in the clear are refused', async () => {
  for (const change of [
    { token_endpoint: undefined },
    { jwks_uri: undefined },
    { authorization_endpoint: 'http://evil.example/authorize' },
    { token_endpoint: 'http://evil.example/token' },
    { userinfo_endpoint: 'ftp://evil.example' },
    { end_session_endpoint: 'javascript:alert(1)' },
  ]) {
    await using provider = await startScriptedProvider()
    Object.assign(provider.changes.discovery, change)
    await rejects(discover(provider).metadata(), 'provider-failed')
  }
})

test('what is no document is a failed provider', async () => {
  for (const answer of [html(), html(404)]) {
    await using provider = await startScriptedProvider()
    provider.script.discovery = answer
    await rejects(discover(provider).metadata(), 'provider-failed')
  }
})

test('what is configured comes before what is discovered', async () => {
  await using provider = await startScriptedProvider()
  const { metadata } = discover(provider, { REVOCATION_URL: 'https://login.example/revoke' })

  assert.is((await metadata()).revocationUrl, 'https://login.example/revoke')
})

test('without an issuer nothing is asked, and the provider is known by its origin', async () => {
  await using provider = await startScriptedProvider()
  const { metadata, config } = discover(provider, {
    ISSUER: '',
    AUTHORIZATION_URL: 'https://forge.example/oauth/authorize',
    TOKEN_URL: 'https://forge.example/oauth/token',
    USERINFO_URL: 'https://api.forge.example/user',
  })

  const about = await metadata()

  assert.is(about.issuer, 'https://forge.example')
  assert.is(about.jwksUrl, null)
  assert.is(provider.asked.length, 0)
  assert.ok(isIssuerOf(config, about, 'https://forge.example/login/oauth'), 'nothing to compare it with')
})

test('a provider with an issuer for each tenant may name the template, or one of them', async () => {
  await using provider = await startScriptedProvider()
  const config = {
    ...provider.configFor(PUBLIC_URL),
    tenantIssuer: {
      template: 'https://login.example/{tenantid}/v2.0',
      placeholder: '{tenantid}',
      claim: 'tid',
    },
  }
  const discovered = (issuer: string) => {
    provider.changes.discovery['issuer'] = issuer
    return createDiscovery(config, createProviderHttp('dev')).metadata()
  }

  const template = await discovered('https://login.example/{tenantid}/v2.0')
  const tenant = await discovered('https://login.example/4f1c-9/v2.0')

  assert.ok(isIssuerOf(config, template, 'https://login.example/4f1c-9/v2.0'))
  assert.not.ok(isIssuerOf(config, template, 'https://evil.example/4f1c-9/v2.0'))
  assert.not.ok(isIssuerOf(config, tenant, 'https://login.example/another/v2.0'))
  for (const issuer of [
    'https://login.example/a/b/v2.0',
    'https://login.example//v2.0',
    'https://login.example/v2.0',
    'https://evil.example/4f1c-9/v2.0',
  ]) {
    await rejects(discovered(issuer), 'provider-failed')
  }
})

test.run()
