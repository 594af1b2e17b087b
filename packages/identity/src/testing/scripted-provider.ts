import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve } from '@curfew/testing'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { type ProviderConfig, readProviders } from '../providers/provider-config.js'

type Endpoint = 'discovery' | 'authorize' | 'token' | 'userinfo' | 'jwks' | 'revocation' | 'emails'

export interface Asked {
  readonly endpoint: string
  readonly headers: IncomingMessage['headers']
  readonly form: Readonly<Record<string, string>>
}

export type Answer = (response: ServerResponse, asked: Asked) => void | Promise<void>

export interface ScriptedProvider extends AsyncDisposable {
  readonly issuer: string
  /** Everything it was asked, oldest first. */
  readonly asked: Asked[]
  /** What it answers instead of what is right. */
  readonly script: Partial<Record<Endpoint, Answer>>
  /** Put over the right discovery document, ID token, token answer and userinfo. Undefined takes out. */
  readonly changes: {
    discovery: Record<string, unknown>
    idToken: Record<string, unknown>
    token: Record<string, unknown>
    userinfo: Record<string, unknown>
    /** Of the redirect back to us. */
    callback: Record<string, string | undefined>
  }
  /** Signs an ID token itself, instead of with its key and ES256. */
  sign: (claims: Record<string, unknown>) => Promise<string>
  readonly signing: { readonly publicJwk: JWK; readonly privateKey: CryptoKey; readonly kid: string }
  /** From now on it signs with a new key, and shows only that one. */
  rotateKey(): Promise<void>
  countOf(endpoint: Endpoint): number
  configFor(publicUrl: URL, fields?: Readonly<Record<string, string>>): ProviderConfig
}

export const CLIENT_ID = 'curfew'
export const CLIENT_SECRET = 'hush-hush: not for the log'
export const NONCE = 'the-nonce'

/**
 * A real HTTP server that plays an OpenID provider at which somebody is signed in already. It does
 * everything right until it is told otherwise.
 */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const codes = new Map<string, { nonce: string; challenge: string | null }>()
  const asked: Asked[] = []
  let signing = await freshKey()

  const right: Record<Endpoint, Answer> = {
    discovery: (response) =>
      json(response, { ...discoveryDocument(provider.issuer), ...provider.changes.discovery }),
    jwks: (response) => json(response, { keys: [signing.publicJwk] }),
    authorize: (response, { form }) => {
      const code = randomBytes(8).toString('hex')
      codes.set(code, { nonce: form['nonce'] ?? '', challenge: form['code_challenge'] ?? null })
      const back = new URL(form['redirect_uri'] ?? '')
      for (const [name, value] of Object.entries({
        code,
        state: form['state'],
        ...provider.changes.callback,
      })) {
        if (value !== undefined) back.searchParams.set(name, value)
      }
      response.writeHead(303, { Location: back.href }).end()
    },
    token: async (response, { form }) => {
      const begun = codes.get(form['code'] ?? '')
      codes.delete(form['code'] ?? '')
      const challenge = createHash('sha256')
        .update(form['code_verifier'] ?? '')
        .digest('base64url')
      if (begun && begun.challenge !== challenge) return json(response, { error: 'invalid_grant' }, 400)
      const claims = { ...idTokenClaims(provider.issuer, begun?.nonce ?? NONCE), ...provider.changes.idToken }
      const answer = {
        access_token: ACCESS_TOKEN,
        token_type: 'Bearer',
        expires_in: 600,
        refresh_token: 'a-refresh-token',
        id_token: await provider.sign(claims),
      }
      return json(response, { ...answer, ...provider.changes.token })
    },
    userinfo: (response) => json(response, { ...USERINFO, ...provider.changes.userinfo }),
    revocation: (response) => void response.writeHead(200).end(),
    emails: (response) => json(response, []),
  }

  const server = await serve(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://provider')
    const endpoint = ENDPOINTS[url.pathname]
    const form = Object.fromEntries([...url.searchParams, ...new URLSearchParams(await bodyOf(request))])
    const what = { endpoint: endpoint ?? url.pathname, headers: request.headers, form }
    asked.push(what)
    if (endpoint === undefined) json(response, { error: 'not_found' }, 404)
    else await (provider.script[endpoint] ?? right[endpoint])(response, what)
  })

  const provider: ScriptedProvider = {
    issuer: server.url,
    asked,
    script: {},
    changes: { discovery: {}, idToken: {}, token: {}, userinfo: {}, callback: {} },
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: signing.kid }).sign(signing.privateKey),
    get signing() {
      return signing
    },
    async rotateKey() {
      signing = await freshKey()
    },
    countOf: (endpoint) => asked.filter((one) => one.endpoint === endpoint).length,
    configFor(publicUrl, fields = {}) {
      const settings = { ISSUER: server.url, CLIENT_ID, CLIENT_SECRET, ...fields }
      const variables = Object.entries(settings).map(([name, value]) => [
        `CURFEW_PROVIDER_DEV_${name}`,
        value,
      ])
      const [config] = readProviders(Object.fromEntries(variables), publicUrl)
      if (config === undefined) throw new TypeError('no provider was read')
      return config
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return provider
}

export const ACCESS_TOKEN = 'an-access-token'

/** Never answers. The test's end closes the connection. */
export const silence: Answer = () => {}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

export const html =
  (status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { 'Content-Type': 'text/html' }).end('<h1>Maintenance</h1>')

/** More than anybody should read, without an end. */
export const flood: Answer = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.write('{"a":"')
  const chunk = 'x'.repeat(64 * 1024)
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'discovery',
  '/authorize': 'authorize',
  '/token': 'token',
  '/userinfo': 'userinfo',
  '/jwks': 'jwks',
  '/revoke': 'revocation',
  '/emails': 'emails',
}

const USERINFO = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', roles: ['editor'] }

function discoveryDocument(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    revocation_endpoint: `${issuer}/revoke`,
    end_session_endpoint: `${issuer}/logout`,
    scopes_supported: ['openid', 'profile', 'email'],
  }
}

function idTokenClaims(issuer: string, nonce: string) {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer, sub: 'ada', aud: CLIENT_ID, iat: now, exp: now + 300, nonce }
}

async function freshKey() {
  const kid = randomBytes(4).toString('hex')
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
