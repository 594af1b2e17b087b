import { isRecord, isString, isStringArray } from './shape.js'

/** Who is signed in, as every service sees it. */
export interface SessionUser {
  /** Stable: derived from the provider's `iss` and `sub`. */
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly picture: string | null
  readonly roles: readonly string[]
}

/**
 * A session, as it is stored under its ref: one JSON string, versioned. Every service may read it, so
 * no token and no session id is in it.
 */
export interface SessionRecord {
  readonly v: 1
  /** See `refOf`. */
  readonly ref: string
  /** Names the session across rotations of its id. A sign-off ends the family. */
  readonly family: string
  /** Counts the writes of this record, so that a write from an older copy is noticed. */
  readonly revision: number
  readonly user: SessionUser
  /** The configured name of the provider that signed the user in. */
  readonly provider: string
  /** The user's generation when this session began. The session is valid only while it still is. */
  readonly generation: number
  /** The era in which this session began. The session is valid only while it still lasts. */
  readonly era: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** When the user last proved who they are to the provider, epoch milliseconds (OIDC Core section 2, `auth_time`). */
  readonly authTime: number
  /** How the user proved it (OIDC Core section 2), where the provider says. */
  readonly amr: readonly string[]
  readonly acr: string | null
  /** Unused for longer than this, the session ends. Milliseconds. */
  readonly idleTtlMs: number
  /** The session ends here however busy it is. Epoch milliseconds. */
  readonly expiresAt: number
  readonly device: { readonly userAgent: string; readonly ip: string }
}

/** Reads a stored record. Null when it is not one: a guard then refuses the session. */
export function parseSessionRecord(json: string): SessionRecord | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  return isSessionRecord(value) ? value : null
}

function isSessionRecord(value: unknown): value is SessionRecord {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    isString(value['ref']) &&
    isString(value['family']) &&
    isCount(value['revision']) &&
    isSessionUser(value['user']) &&
    isString(value['provider']) &&
    isCount(value['generation']) &&
    isCount(value['era']) &&
    isCount(value['createdAt']) &&
    isCount(value['authTime']) &&
    isStringArray(value['amr']) &&
    (value['acr'] === null || isString(value['acr'])) &&
    isCount(value['idleTtlMs']) &&
    isCount(value['expiresAt']) &&
    isRecord(value['device']) &&
    isString(value['device']['userAgent']) &&
    isString(value['device']['ip'])
  )
}

function isSessionUser(value: unknown): value is SessionUser {
  return (
    isRecord(value) &&
    isString(value['id']) &&
    isString(value['name']) &&
    (value['email'] === null || isString(value['email'])) &&
    (value['picture'] === null || isString(value['picture'])) &&
    isStringArray(value['roles'])
  )
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
