import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

/**
 * A real OpenID provider that asks for no password: whoever comes says who they are, in the header `X-User`.
 * Names that begin with `admin` have the role.
 *
 * On 127.0.0.1, so that it is another site than identity.
 */
const { PORT, ISSUER = '', PUBLIC_URL = '', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env
const SIGN_IN = '/sign-in/'

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [new URL('/auth/callback/dev', PUBLIC_URL).href],
      post_logout_redirect_uris: [new URL('/', PUBLIC_URL).href],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  pkce: { required: () => true },
  scopes: ['openid', 'roles'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], roles: ['roles'] },
  interactions: { url: (_ctx, interaction) => `${SIGN_IN}${interaction.uid}` },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      name: id,
      email: `${id}@example.com`,
      roles: id.startsWith('admin') ? ['admin'] : ['editor'],
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
  features: {
    revocation: { enabled: true, allowedPolicy: async () => true },
    devInteractions: { enabled: false },
  },
  cookies: { keys: ['a key of this run'] },
})
const answer = provider.callback()

createServer((request, response) => {
  if (!request.url?.startsWith(SIGN_IN)) {
    void answer(request, response)
    return
  }
  const accountId = String(request.headers['x-user'])
  provider.interactionFinished(request, response, { login: { accountId } }).catch((error: unknown) => {
    console.error(error)
    response.writeHead(500).end()
  })
}).listen(Number(PORT), '127.0.0.1')

process.on('disconnect', () => process.exit(1))
