import type { Profile } from '../login/finished-login.js'
import { isPlainText, plainText } from '../plain-text.js'
import { isSafeProviderUrl } from './endpoint.js'
import type { ProviderConfig } from './provider-config.js'

export type Claims = Readonly<Record<string, unknown>>

/** What the provider says of somebody, in our words. Null when it does not say who they are. */
export function profileOf(
  { claims: names, rolesClaim }: Pick<ProviderConfig, 'claims' | 'rolesClaim'>,
  issuer: string,
  claims: Claims,
): Profile | null {
  const subject = first(claims, names.subject)
  // Nobody's name is changed into somebody else's.
  if (subject === null || HALF.test(subject)) return null
  // An address that the provider itself doubts is not theirs for all we know.
  const email = claims['email_verified'] === false ? null : first(claims, names.email)
  return {
    issuer,
    subject,
    name: plainText(first(claims, names.name) ?? email ?? subject, 200),
    email: emailOf(email),
    picture: pictureOf(first(claims, names.picture)),
    roles: rolesOf(claimAt(claims, rolesClaim)),
  }
}

/**
 * The claim called `path`, or what the path leads to: `realm_access.roles`. A claim of that very name
 * comes first, since names such as `https://example.com/roles` hold dots.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  // The longest name first, so that a claim with dots in it may itself be walked into.
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const head = path.slice(0, dot)
    const inner = Object.hasOwn(claims, head) ? claims[head] : undefined
    if (isClaims(inner)) return claimAt(inner, path.slice(dot + 1))
  }
  return undefined
}

/**
 * A list, or one string of them, separated by spaces or commas. Anything else is no role, nor is what
 * could be kept only as another text than it came.
 */
export function rolesOf(value: unknown): readonly string[] {
  const roles = typeof value === 'string' ? value.split(/[\s,]+/) : Array.isArray(value) ? value : []
  const named = roles.filter((role): role is string => isPlainText(role, 200))
  return [...new Set(named)].slice(0, MOST_ROLES)
}

export function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A session record is read with each request: it must not grow with a provider's generosity. */
const MOST_ROLES = 100

function first(claims: Claims, names: readonly string[]): string | null {
  for (const name of names) {
    const value = claimAt(claims, name)
    if (typeof value === 'string' && plainText(value, 1) !== '') return value
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  }
  return null
}

/** Null for what is no address. Not proven to be anybody's. */
export function emailOf(text: unknown): string | null {
  return isPlainText(text, 320) && text.includes('@') ? text : null
}

function pictureOf(address: string | null): string | null {
  if (address === null || address.length > 2_000 || HALF.test(address) || !isSafeProviderUrl(address))
    return null
  return address
}

/** Half of a surrogate pair: JSON in Redis' scripts does not take it. */
const HALF = /\p{Cs}/u
