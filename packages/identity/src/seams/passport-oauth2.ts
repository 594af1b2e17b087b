import OAuth2Strategy, { InternalOAuthError } from 'passport-oauth2'

/** What a login does at each step of the authorization code flow. Whatever it throws fails the login. */
export interface AuthorizationCodeFlow<User extends object> {
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly clientId: string
  readonly redirectUri: string
  readonly scope: string
  /** Further parameters of the authorization request, such as the nonce. */
  readonly authorizationParams: Readonly<Record<string, string>>
  /** Keeps the PKCE verifier, and answers the state under which it can be found again. */
  begin(verifier: string): Promise<string>
  /** Finds the verifier of a state that came back. */
  resume(state: unknown): Promise<string>
  /** Exchanges the code; `grant` holds it, the redirect URI and the verifier. */
  redeem(grant: Readonly<Record<string, string>>): Promise<User>
}

/** A strategy for one request: passport writes to it, and the endpoints may have changed since the last. */
export function createOAuth2Strategy<User extends object>(flow: AuthorizationCodeFlow<User>): OAuth2Strategy {
  // passport-oauth2 looks at how many parameters these have, so all of them must be named.
  const store = {
    store(_request: unknown, verifier: string, _state: unknown, _meta: unknown, done: Done<string>) {
      settle(flow.begin(verifier), done)
    },
    verify(_request: unknown, state: unknown, _meta: unknown, done: Done<string>) {
      settle(flow.resume(state), done)
    },
  }
  const strategy = new OAuth2Strategy(
    {
      authorizationURL: flow.authorizationUrl,
      tokenURL: flow.tokenUrl,
      clientID: flow.clientId,
      // Ours makes the token request, so passport-oauth2 never needs it.
      clientSecret: '',
      callbackURL: flow.redirectUri,
      scope: flow.scope,
      pkce: true, // that is S256
      skipUserProfile: true,
      store: store as unknown as OAuth2Strategy.StateStore,
    },
    (
      _accessToken: string,
      _refreshToken: string,
      user: User,
      _profile: unknown,
      done: OAuth2Strategy.VerifyCallback,
    ) => done(null, user),
  )
  strategy.authorizationParams = () => ({ ...flow.authorizationParams })

  // The client of passport-oauth2 has no timeout, no bound on answers, and does not ask for JSON.
  const client = Reflect.get(strategy, '_oauth2') as { getOAuthAccessToken: ExchangeCode<User> }
  client.getOAuthAccessToken = (code, params, done) => {
    settle(flow.redeem({ ...params, code }), (error, user) => {
      if (error || user === undefined) done(error)
      else done(null, 'redeemed', '', user)
    })
  }
  return strategy
}

/** What a step of the flow threw, out of what passport-oauth2 wrapped it in. */
export function unwrapped(error: unknown): unknown {
  return error instanceof InternalOAuthError && error.oauthError ? error.oauthError : error
}

type Done<T> = (error: unknown, value?: T) => void

type ExchangeCode<User> = (
  code: string,
  params: Readonly<Record<string, string>>,
  done: (error: unknown, accessToken?: string, refreshToken?: string, results?: User) => void,
) => void

function settle<T>(step: Promise<T>, done: Done<T>): void {
  step.then((value) => done(null, value), done)
}
