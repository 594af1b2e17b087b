import type { ProviderMetadata } from './discovery.js'
import type { ProviderConfig } from './provider-config.js'

const ALWAYS = ['openid', 'profile', 'email']

/** Roles, and a refresh token: only asked of a provider that says it knows the scope. */
const WHERE_SUPPORTED = ['roles', 'offline_access']

/** What to ask the user's permission for: as configured, or what a login can make use of. Empty for plain OAuth 2.0. */
export function scopeFor(
  { scope, issuer }: Pick<ProviderConfig, 'scope' | 'issuer'>,
  { scopes }: Pick<ProviderMetadata, 'scopes'>,
): string {
  if (scope !== null) return scope
  if (issuer === null) return ''
  return [...ALWAYS, ...WHERE_SUPPORTED.filter((name) => scopes.includes(name))].join(' ')
}
