import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type createBrowser, freePort, openRedis, serve } from '@curfew/testing'
import * as assert from 'uvu/assert'
import { createDemoAccounts } from '../dev-provider/demo-users.js'
import { createDevProvider } from '../dev-provider/provider.js'
import { openSecrets } from '../secrets.js'
import { openFolder } from '../temporary-folder.fixture.js'

interface Tokens {
  readonly id_token: string
  readonly access_token: string
  readonly refresh_token: string
}

type Parameters = Readonly<Record<string, string | undefined>>

/** A provider on a port of its own, and the client that it redirects to. */
export async function givenDevProvider() {
  const redis = await openRedis()
  const client = await serve((_req, res) => res.end('Curfew'))
  const folder = await openFolder()
  const secrets = await openSecrets(folder.path)
  const accounts = await createDemoAccounts()
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const verifier = randomBytes(32).toString('base64url')
  const failures: unknown[] = []

  async function open() {
    const provider = await createDevProvider({
      issuer,
      accounts,
      redis,
      clientUrl: client.url,
      clientSecret: secrets.clientSecret,
      cookieKeys: [secrets.cookieKey],
      signingKeys: JSON.parse(secrets.signingKeys),
      onError: (error) => failures.push(error),
    })
    const server = createServer(provider.callback()).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  async function close() {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  let server = await open()

  const post = (path: string, parameters: Parameters) =>
    fetch(`${issuer}${path}`, {
      method: 'POST',
      body: queryOf({ client_id: 'curfew', client_secret: secrets.clientSecret, ...parameters }),
    })

  async function token(parameters: Parameters) {
    const answer = await post('/token', parameters)
    const body: Record<string, string> = JSON.parse(await answer.text())
    return { status: answer.status, body }
  }

  const redemption = (code: string) => ({
    grant_type: 'authorization_code',
    redirect_uri: `${client.url}/auth/callback/dev`,
    code_verifier: verifier,
    code,
  })

  const authorizeUrl = (parameters: Parameters = {}) =>
    `${issuer}/auth?${queryOf({
      client_id: 'curfew',
      response_type: 'code',
      redirect_uri: `${client.url}/auth/callback/dev`,
      scope: 'openid profile email roles offline_access',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    })}`

  return {
    issuer,
    clientUrl: client.url,
    authorizeUrl,
    signOutUrl: (parameters: Parameters) =>
      `${issuer}/session/end?${queryOf({ post_logout_redirect_uri: `${client.url}/`, ...parameters })}`,
    post,
    token,
    redemption,
    /** Signs in by the page, and answers the code. */
    async signIn(
      browser: ReturnType<typeof createBrowser>,
      username: string,
      password: string,
      parameters: Parameters = {},
    ): Promise<string> {
      await browser.get(authorizeUrl(parameters))
      const page = await browser.submitForm({ username, password })
      assert.is(page.url.searchParams.get('iss'), issuer)
      const code = page.url.searchParams.get('code')
      if (code === null) throw new Error(`no code in ${page.url}`)
      return code
    },
    async redeem(code: string): Promise<Tokens> {
      const { body } = await token(redemption(code))
      const { id_token = '', access_token = '', refresh_token = '' } = body
      return { id_token, access_token, refresh_token }
    },
    async userinfo(accessToken: string): Promise<unknown> {
      const answer = await fetch(`${issuer}/me`, { headers: { Authorization: `Bearer ${accessToken}` } })
      return answer.json()
    },
    async restart() {
      await close()
      server = await open()
    },
    async [Symbol.asyncDispose]() {
      await close()
      for (const part of [client, folder, redis]) await part[Symbol.asyncDispose]()
      assert.equal(failures, [])
    },
  }
}

function queryOf(parameters: Parameters): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return query
}
