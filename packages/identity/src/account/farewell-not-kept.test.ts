import { eventually, startRedis } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isReady, told } from '../testing/from-outside.js'
import { type GivenApp, givenApp } from '../testing/given-app.js'
import { startScriptedProvider } from '../testing/scripted-provider.js'

const test = suite('identity: a farewell that can’t be kept')

// found 2026-11-27: they were told that signing out was not possible (503), though it had happened
test('who has signed out in the moment in which Redis goes away is led to where they are signed out', async () => {
  await using server = await startRedis({ appendonly: true })
  await using app = await givenApp({ redisUrl: server.url, env: { LEASE_MS: '5000' } })
  const ada = await app.login()
  await app.redis.hset(app.keys.members, 'projects-dead', silentRow(app.guard.stats().history))
  // Whether Redis is gone before or after anybody's patience ends.
  await keepNoFarewell(app)

  const signingOut = ada.browser.post('/auth/logout', {}, { from: app.url, follow: () => false })
  const pending = 'curfew_signoffs_pending{service="identity"} 1'
  await eventually(async () => (await app.ask('/metrics')).text.includes(pending))
  await server.stop()
  const sent = await signingOut

  assert.is(sent.status, 303)
  assert.is(sent.location?.pathname, '/')
  assert.match(sent.headers.get('set-cookie') ?? '', 'curfew=; Path=/; Max-Age=0')
  await server.restart()
  await isReady(app)
  assert.equal(await told(app), ['session.created', 'session.revoked'])
})

// found 2026-11-27: they were led to our first page, and stayed signed in at the provider
test('with a provider that has a session of its own they are led there by the page that says so', async () => {
  await using server = await startRedis({ appendonly: true })
  await using provider = await startScriptedProvider()
  const env = { CURFEW_PROVIDER_DEV_ISSUER: provider.issuer }
  await using app = await givenApp({ redisUrl: server.url, env })
  const ada = await app.login()
  await keepNoFarewell(app)
  // Who signs out does not wait long for what is not known of the provider yet.
  const asked = async () => (await app.ask('/auth/login/dev')).headers.get('location')
  await eventually(async () => (await asked())?.startsWith('https://provider.test/authorize?'))

  const sent = await ada.browser.post('/auth/logout', {}, { from: app.url, follow: () => false })

  // Browsers lead no form from here to anywhere else (Content-Security-Policy, form-action).
  assert.is(sent.status, 200)
  assert.match(sent.headers.get('refresh') ?? '', `0; url=${provider.issuer}/logout?`)
  assert.match(sent.headers.get('set-cookie') ?? '', 'curfew=; Path=/; Max-Age=0')
  assert.match(sent.text, 'You are signed out')
})

test.run()

async function keepNoFarewell({ redis, keys }: GivenApp): Promise<void> {
  await redis.acl('SETUSER', 'default', 'resetkeys', `~${keys.prefix}[^f]*`)
}

/** A member that applies nothing, so that the answer waits for a while. */
function silentRow(history: string | null): string {
  const renewals = { renewals: 1, leaseMs: 5_000, renewedAt: Date.now() }
  return JSON.stringify({ service: 'projects', history, acknowledged: 0, hooksFailed: [], ...renewals })
}
