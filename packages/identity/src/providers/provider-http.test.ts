import { freePort, rejects } from '@curfew/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Answer,
  flood,
  html,
  json,
  silence,
  startScriptedProvider,
} from '../testing/scripted-provider.js'
import { createProviderHttp } from './provider-http.js'

const test = suite('identity: provider over http')

const HUSH = 'hush-hush'

async function ask(answer: Answer, timeoutMs = 5_000) {
  await using provider = await startScriptedProvider()
  provider.script.token = answer
  const http = createProviderHttp('dev', { timeoutMs })
  return await http.ask(`${provider.issuer}/token`, { purpose: 'token', form: { client_secret: HUSH } })
}

test('JSON is taken, whatever type it says it is, and an empty body is nothing', async () => {
  assert.equal(await ask((response) => json(response, { a: 1 })), { status: 200, json: { a: 1 } })
  assert.equal(await ask((response) => void response.writeHead(400).end('{"error":"x"}')), {
    status: 400,
    json: { error: 'x' },
  })
  assert.equal(await ask((response) => void response.writeHead(200).end()), { status: 200, json: null })
})

test('it is asked by form, for JSON, under our name', async () => {
  await using provider = await startScriptedProvider()

  await createProviderHttp('dev').ask(`${provider.issuer}/revoke`, { purpose: 'x', form: { a: 'b & c' } })

  const [asked] = provider.asked
  assert.is(asked?.headers['accept'], 'application/json')
  assert.is(asked?.headers['user-agent'], 'Curfew')
  assert.match(asked?.headers['content-type'] ?? '', /^application\/x-www-form-urlencoded/)
  assert.equal(asked?.form, { a: 'b & c' })
})

test('what is no JSON object is a failed provider, and its text is nowhere in the error', async () => {
  for (const body of [
    '<h1>Maintenance</h1>',
    'access_token=gold&token_type=bearer',
    '"gold"',
    '7',
    'null',
    '{',
  ]) {
    const error = await rejects(
      ask((response) => void response.end(body)),
      'provider-failed',
    )
    assert.not.match(inspected(error), /gold|Maintenance/)
  }
  await rejects(ask(html()), 'provider-failed')
})

test('a provider that is broken, silent, slow in the middle or gone is unavailable', async () => {
  await rejects(ask(html(500)), 'provider-unavailable')
  await rejects(
    ask((response) => json(response, { error: 'x' }, 503)),
    'provider-unavailable',
  )
  await rejects(ask(silence, 50), 'provider-unavailable')
  await rejects(
    ask((response) => void response.writeHead(200).write('{"a":'), 50),
    'provider-unavailable',
  )
  await rejects(
    ask((response) => void response.socket?.destroy()),
    'provider-unavailable',
  )
  const nobody = `http://127.0.0.1:${await freePort()}/token`
  await rejects(createProviderHttp('dev').ask(nobody, { purpose: 'token' }), 'provider-unavailable')
})

test('an answer without an end is not read to its end', async () => {
  await rejects(ask(flood), 'provider-failed')
})

test('a redirect is not followed: it would carry the secret with it', async () => {
  await using elsewhere = await startScriptedProvider()

  const moved: Answer = (response) =>
    void response.writeHead(307, { Location: `${elsewhere.issuer}/token` }).end()

  assert.is((await ask(moved)).status, 307)
  assert.equal(elsewhere.asked, [])
})

test('an error names provider, purpose and host, and nothing that was sent', async () => {
  const error = await rejects(ask(silence, 50), 'provider-unavailable')

  assert.match(inspected(error), /"provider":"dev","purpose":"token","host":"localhost:\d+"/)
  assert.not.match(inspected(error), new RegExp(HUSH))
})

function inspected(error: Error): string {
  const { message, cause } = error
  return JSON.stringify([message, Reflect.get(error, 'detail'), String(cause)])
}

test.run()
