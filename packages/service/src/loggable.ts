/** What a log line says besides its event. */
export type Facts = Readonly<Record<string, unknown>>

/**
 * The facts as they may be written down.
 *
 * - A string or object under a name such as `refreshToken`, `set-cookie` or `code` is replaced.
 * - A URL, wherever it stands, loses its query values, its fragment's values and its password.
 * - An error becomes name, message, code, stack, cause and facts: never its other properties, where
 *   libraries keep the command, the request or the body.
 * - Depth, length and number are bounded.
 */
export function loggable(facts: Facts | undefined): Record<string, unknown> {
  return facts === undefined ? {} : record(facts, 0)
}

function value(of: unknown, depth: number): unknown {
  if (typeof of === 'string') return scrub(of)
  if (typeof of === 'bigint') return String(of)
  if (typeof of !== 'object' || of === null) return of
  if (of instanceof Error) return error(of, depth)
  if (of instanceof URL) return scrub(of.href)
  if (of instanceof Date) return of
  if (ArrayBuffer.isView(of)) return `(${of.byteLength} bytes)`
  if (depth >= MAX_DEPTH) return '(deeper)'
  if (Array.isArray(of)) return of.slice(0, MAX_ITEMS).map((item) => value(item, depth + 1))
  return record(of, depth + 1)
}

function record(of: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(of)
      .slice(0, MAX_ITEMS)
      .map(([name, item]) => [name, isSecret(name, item) ? '(left out)' : value(item, depth)]),
  )
}

function error(of: Error, depth: number): unknown {
  if (depth >= MAX_DEPTH) return scrub(of.message)
  const [code, detail, errors]: unknown[] = ['code', 'detail', 'errors'].map((name) => Reflect.get(of, name))
  return {
    name: of.name,
    message: scrub(of.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(detail === undefined ? {} : { detail: value(detail, depth + 1) }),
    stack: scrub(of.stack ?? ''),
    ...(of.cause === undefined ? {} : { cause: value(of.cause, depth + 1) }),
    // Of an AggregateError, such as Node's when neither IPv6 nor IPv4 answered.
    ...(Array.isArray(errors) ? { errors: value(errors, depth + 1) } : {}),
  }
}

/** A number or a boolean under such a name is a count or a flag. */
function isSecret(name: string, item: unknown): boolean {
  return (typeof item === 'string' || typeof item === 'object') && item !== null && SECRET_NAME.test(name)
}

const SECRET_NAME =
  /(token|secret|cookie|authorization|password|credential|verifier|assertion)s?$|^code$|(auth|authorization)[_-]?code$/i

function scrub(of: string): string {
  const bounded = of.length > MAX_LENGTH ? `${of.slice(0, MAX_LENGTH)}…` : of
  return bounded.replace(QUERY_VALUE, '$1…').replace(USER_INFO, '$1…@')
}

const QUERY_VALUE = /([?&#;][\w.~%[\]-]{1,64}=)[^&#\s"'<>]+/g
const USER_INFO = /(\b[a-z][a-z\d+.-]*:\/\/)[^/?#@\s"']*@/gi

const MAX_DEPTH = 6
const MAX_ITEMS = 100
const MAX_LENGTH = 8_000
