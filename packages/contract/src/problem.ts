/**
 * Every error that a caller may want to tell apart, as `application/problem+json` (RFC 9457).
 *
 * | code                    | status | when                                                                  |
 * | ----------------------- | ------ | --------------------------------------------------------------------- |
 * | `bad-request`           | 400    | the request can't be read: malformed JSON, a bad parameter            |
 * | `login-failed`          | 400    | the provider's answer does not fit a login that began in this browser |
 * | `session-required`      | 401    | no session, or one that has ended                                     |
 * | `forbidden`             | 403    | the caller's roles don't allow it                                     |
 * | `login-refused`         | 403    | the provider or the user said no                                      |
 * | `user-blocked`          | 403    | the user is blocked and can't sign in                                 |
 * | `origin-not-proven`     | 403    | a state-changing request did not prove that it comes from our pages   |
 * | `not-found`             | 404    | there is no such thing, or it is somebody else's                      |
 * | `method-not-allowed`    | 405    | this address knows other methods, see `Allow`                         |
 * | `conflict`              | 409    | it does not fit the state that things are in                          |
 * | `login-superseded`      | 409    | the user was signed off or blocked while this login was under way     |
 * | `too-large`             | 413    | the request's body is over the limit                                  |
 * | `unsupported-media-type`| 415    | the body is neither JSON nor a form                                   |
 * | `invalid-input`         | 422    | the request was read, but a value in it is not acceptable             |
 * | `too-many-requests`     | 429    | the caller asks too often; `Retry-After` says when to ask again       |
 * | `internal`              | 500    | a bug of ours                                                         |
 * | `provider-failed`       | 502    | the provider answered something that is not an answer                 |
 * | `provider-unavailable`  | 503    | the provider can't be reached                                         |
 * | `store-unavailable`     | 503    | Redis, or the event log, can't be asked now; that signs nobody off    |
 * | `unavailable`           | 503    | this instance is starting or stopping                                 |
 */
export const PROBLEM_STATUS = {
  'bad-request': 400,
  'login-failed': 400,
  'session-required': 401,
  forbidden: 403,
  'login-refused': 403,
  'user-blocked': 403,
  'origin-not-proven': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'login-superseded': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'invalid-input': 422,
  'too-many-requests': 429,
  internal: 500,
  'provider-failed': 502,
  'provider-unavailable': 503,
  'store-unavailable': 503,
  unavailable: 503,
} as const

export type ProblemCode = keyof typeof PROBLEM_STATUS

/** RFC 9457 section 3.1, with our `code` (the last part of `type`) for programs. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** What happened and what to do, in a sentence. Never an internal detail. */
  readonly detail: string
  readonly code: ProblemCode
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'

/** Seconds after which trying again makes sense, for every 503 (RFC 9110 section 10.2.3). */
export const RETRY_AFTER_SECONDS = 2

export function problem(code: ProblemCode, detail: string): Problem {
  return {
    type: `urn:curfew:problem:${code}`,
    title: TITLES[code],
    status: PROBLEM_STATUS[code],
    detail,
    code,
  }
}

const TITLES: Record<ProblemCode, string> = {
  'bad-request': 'That request can’t be read',
  'login-failed': 'Signing in did not work',
  'session-required': 'Please sign in',
  forbidden: 'That is not yours to do',
  'login-refused': 'Signing in was declined',
  'user-blocked': 'This account is blocked',
  'origin-not-proven': 'That request came from elsewhere',
  'not-found': 'There is nothing here',
  'method-not-allowed': 'That can’t be done here',
  conflict: 'That does not fit how things are',
  'login-superseded': 'You were signed off meanwhile',
  'too-large': 'That is too much',
  'unsupported-media-type': 'That kind of content is not understood',
  'invalid-input': 'Something in that request is not right',
  'too-many-requests': 'That is too often',
  internal: 'Something went wrong on our side',
  'provider-failed': 'The sign-in provider made a mistake',
  'provider-unavailable': 'The sign-in provider can’t be reached',
  'store-unavailable': 'We can’t look that up right now',
  unavailable: 'Not ready yet',
}
