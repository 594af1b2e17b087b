import { createHash } from 'node:crypto'

/** Bits enough that no two people ever share one. */
const LENGTH = 22

/**
 * The id of a user, the same at each login: made of the only two things that a provider never gives to
 * somebody else (OIDC Core section 5.7). No name and no address is in it.
 */
export function userIdOf({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string {
  // The newline keeps "a" + "bc" from "ab" + "c": there is none in an issuer, which is a URL.
  return createHash('sha256').update(`${issuer}\n${subject}`).digest('base64url').slice(0, LENGTH)
}

/** Whether `value` has the form of a user id. */
export function isUserId(value: string): boolean {
  return USER_ID.test(value)
}

const USER_ID = new RegExp(`^[\\w-]{${LENGTH}}$`)
