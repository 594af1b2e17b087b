import { PROBLEM_STATUS, type ProblemCode } from '@curfew/contract'

/**
 * A failure that the caller may act on. Anything else that is thrown is a bug of ours, and answers 500.
 *
 * Three texts, never mixed: `message` is public, a whole sentence that helps the caller (it becomes
 * `Problem.detail`); `detail` holds facts for the log; `cause` is the original error, for the log too.
 */
export class ServiceError extends Error {
  readonly code: ProblemCode
  /** Of HTTP; follows from the code. */
  readonly status: number
  readonly detail: Readonly<Record<string, unknown>>
  /** Sent with the answer, `Allow` or `WWW-Authenticate` for instance. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    sentence: string,
    facts: Record<string, unknown> = {},
    options: ErrorOptions & { headers?: Record<string, string> } = {},
  ) {
    super(sentence, options)
    this.name = 'ServiceError'
    this.code = code
    this.status = PROBLEM_STATUS[code]
    this.detail = facts
    this.headers = options.headers ?? {}
  }
}
