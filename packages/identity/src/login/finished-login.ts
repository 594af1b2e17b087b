/** What a provider says of somebody, after our mapping of its claims. */
export interface Profile {
  /** OIDC `iss`; for plain OAuth2 the origin of the provider. */
  readonly issuer: string
  /** OIDC `sub`; for plain OAuth2 the configured claim. Stable and never reassigned. */
  readonly subject: string
  readonly name: string
  readonly email: string | null
  readonly picture: string | null
  readonly roles: readonly string[]
}

/** The provider's tokens. They are sealed before they are stored, and never leave identity. */
export interface ProviderTokens {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly idToken: string | null
  /** Epoch milliseconds, null where the provider does not say. */
  readonly accessTokenExpiresAt: number | null
}

/** A login that the provider has confirmed, and that wants to become a session. */
export interface FinishedLogin {
  /** The configured name of the provider. */
  readonly provider: string
  readonly profile: Profile
  readonly tokens: ProviderTokens
  /** Epoch milliseconds (OIDC Core section 2, `auth_time`), or when the answer came. */
  readonly authTime: number
  readonly amr: readonly string[]
  readonly acr: string | null
  /** The newest sign-off when the login began: one that came later refuses it. */
  readonly beganAtSequence: number
  readonly device: { readonly userAgent: string; readonly ip: string }
  readonly correlationId: string
}
