import type { RequestListener } from 'node:http'
import { serve } from '@curfew/testing'
import type { ClientMetadata, Configuration } from 'oidc-provider'

// It says on loading that it would rather run on Node 22, and works on 20.
const { warn, info } = console
console.warn = () => {}
console.info = () => {}
const { default: Provider } = await import('oidc-provider')
Object.assign(console, { warn, info })

export const CLIENT = { id: 'curfew', secret: 'secret-of-the-client' }

/**
 * The npm package oidc-provider, on 127.0.0.1 so that it is another site than ours. Anybody signs in with
 * any password; the user name becomes the subject.
 */
export async function startOpenIdProvider() {
  let handler: RequestListener = (_request, response) => response.writeHead(503).end()
  const served = await serve((request, response) => handler(request, response))
  const issuer = `http://127.0.0.1:${served.port}`

  return {
    issuer,
    env: {
      CURFEW_PROVIDER_DEV_ISSUER: issuer,
      CURFEW_PROVIDER_DEV_CLIENT_ID: CLIENT.id,
      CURFEW_PROVIDER_DEV_CLIENT_SECRET: CLIENT.secret,
      CURFEW_PROVIDER_DEV_AUTHORIZATION_URL: '',
      CURFEW_PROVIDER_DEV_TOKEN_URL: '',
      CURFEW_PROVIDER_DEV_USERINFO_URL: '',
    },
    /** Knows the client from now on, and how it authenticates. */
    register(publicUrl: string, client: Partial<ClientMetadata> = {}, more: Configuration = {}) {
      const provider = createOpenIdProvider(issuer, publicUrl, client, more)
      handler = provider.callback()
      return provider
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

function createOpenIdProvider(
  issuer: string,
  publicUrl: string,
  client: Partial<ClientMetadata>,
  more: Configuration,
) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [new URL('/auth/callback/dev', publicUrl).href],
        post_logout_redirect_uris: [new URL('/', publicUrl).href],
        grant_types: ['authorization_code', 'refresh_token'],
        require_auth_time: true,
        token_endpoint_auth_method: 'client_secret_post',
        ...client,
      },
    ],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'roles'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], roles: ['roles'] },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        name: `${id} of the provider`,
        email: `${id}@example.com`,
        email_verified: true,
        roles: ['editor', 'viewer'],
      }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      })
      grant.addOIDCScope([...oidc.requestParamScopes].join(' '))
      await grant.save()
      return grant
    },
    issueRefreshToken: async () => true,
    features: { revocation: { enabled: true, allowedPolicy: async () => true } },
    cookies: { keys: ['a key of this test'] },
    ...more,
  })
  return provider
}
