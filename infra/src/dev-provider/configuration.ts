import { type Html, renderHtml } from '@curfew/service'
import type { Redis } from 'ioredis'
import type { Configuration, JWKS } from 'oidc-provider'
import type { DemoAccounts } from './demo-users.js'
import { errorPage, signedOutPage, signingOutPage, signOutPage } from './pages.js'
import { createRedisAdapter, LONGEST_SECONDS } from './redis-adapter.js'

export const CLIENT_ID = 'curfew'

export interface ConfigurationOptions {
  readonly redis: Redis
  readonly accounts: DemoAccounts
  /** The origin of Curfew. */
  readonly clientUrl: string
  readonly clientSecret: string
  readonly cookieKeys: readonly string[]
  readonly signingKeys: JWKS
}

/** How the npm `oidc-provider` is set up to be the provider of one trusted client, Curfew. */
export function createConfiguration(options: ConfigurationOptions): Configuration {
  const { clientUrl } = options
  return {
    adapter: createRedisAdapter(options.redis),
    jwks: options.signingKeys,
    cookies: {
      keys: options.cookieKeys,
      // Cookies are shared by all ports of a host: names that no other server on 127.0.0.1 has.
      names: {
        session: 'curfew_provider_session',
        interaction: 'curfew_provider_interaction',
        resume: 'curfew_provider_resume',
      },
    },
    clients: [
      {
        client_id: CLIENT_ID,
        client_name: 'Curfew',
        client_secret: options.clientSecret,
        redirect_uris: [`${clientUrl}/auth/callback/dev`],
        post_logout_redirect_uris: [`${clientUrl}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        // OpenID Connect Core section 2: auth_time is in the ID token only when it is asked for.
        require_auth_time: true,
      },
    ],
    responseTypes: ['code'],
    pkce: { required: () => true },
    claims: {
      openid: ['sub', 'auth_time', 'amr'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      roles: ['roles'],
    },
    // The roles and the profile are in the ID token, too, as with most providers in companies.
    conformIdTokenClaims: false,
    async findAccount(_ctx, accountId) {
      const user = options.accounts.find(accountId)
      if (user === undefined) return undefined
      return {
        accountId,
        claims: async () => ({
          sub: accountId,
          name: user.name,
          preferred_username: user.username,
          email: user.email,
          email_verified: true,
          roles: user.roles,
        }),
      }
    },
    /**
     * The client is our own: what it asks for is granted without a question to the user. Each login gets a grant
     * of its own, since revoking a token ends its grant (RFC 7009 section 2.1), and with it everything else that
     * hangs on that: the code of a login that has just begun, for instance.
     */
    async loadExistingGrant(ctx) {
      const { client, provider, session } = ctx.oidc
      if (client === undefined || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '))
      grant.addOIDCClaims([...ctx.oidc.requestParamClaims])
      await grant.save()
      return grant
    },
    // Without `prompt=consent`, for which the standard would ask (OpenID Connect Core section 11): there is no consent.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // A later login, with a grant of its own, must not end the tokens of an earlier one. Curfew revokes them itself.
    expiresWithSession: async () => false,
    rotateRefreshToken: () => true,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: async () => true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      rpInitiatedLogout: {
        enabled: true,
        async logoutSource(ctx) {
          // The hint is validated by now. One for the very user who is signed in here means that they already said
          // so in Curfew; anybody can link to this page, so everything else is asked.
          const hint = ctx.oidc.entities['IdTokenHint']
          const alreadySaid = hint?.payload['sub'] === ctx.oidc.session?.accountId
          const form = {
            action: ctx.oidc.urlFor('end_session_confirm'),
            token: String(ctx.oidc.session?.state?.['secret']),
          }
          show(ctx, alreadySaid ? signingOutPage(form) : signOutPage(form))
        },
        async postLogoutSuccessSource(ctx) {
          show(ctx, signedOutPage(clientUrl))
        },
      },
    },
    clientBasedCORS: () => false, // no page talks to the provider: identity does
    renderError(ctx, out) {
      show(ctx, errorPage(out, clientUrl))
    },
    ttl: {
      AccessToken: 10 * 60, // short, so that refreshing is something that happens
      AuthorizationCode: 60,
      IdToken: 60 * 60,
      Interaction: 60 * 60,
      RefreshToken: LONGEST_SECONDS,
      Session: LONGEST_SECONDS,
      Grant: LONGEST_SECONDS,
    },
  }
}

function show(ctx: { type: string; body: unknown }, page: Html): void {
  ctx.type = 'html'
  ctx.body = renderHtml(page)
}
