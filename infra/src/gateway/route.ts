export type ServiceName = 'identity' | 'projects' | 'events'

/** `closed`: ours, but not for the outside. `ambiguous`: two readers could disagree about what is meant. */
export type Route = ServiceName | 'closed' | 'ambiguous'

const PREFIXES: readonly (readonly [prefix: string, service: ServiceName])[] = [
  ['/projects', 'projects'],
  ['/events', 'events'],
  ['/console', 'events'],
]

/** Answered by every process, or between processes; nobody outside has any business there. */
const CLOSED = ['/healthz', '/readyz', '/metrics', '/auth/introspect', '/auth/token']

/**
 * Whose request target it is. What no service owns goes to identity, which has the page that says so.
 *
 * A closed path must stay closed however it is written, and the service behind us has its own way of reading a
 * path: decoding, letter case, a slash at the end, dots. So a target that could be read in two ways is not
 * routed at all, and the rest is compared in its plainest form.
 */
export function routeOf(target: string): Route {
  const path = plainPath(target)
  if (path === null) return 'ambiguous'
  const folded = path.toLowerCase()
  if (CLOSED.some((closed) => isUnder(folded, closed))) return 'closed'
  return PREFIXES.find(([prefix]) => isUnder(path, prefix))?.[1] ?? 'identity'
}

const isUnder = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`)

/** The decoded path of a request target, or null when it is ambiguous or not a path. */
function plainPath(target: string): string | null {
  const [raw = ''] = target.split(/[?#]/, 1)
  const path = decode(raw)
  if (path === null || !path.startsWith('/')) return null
  // An encoded slash or backslash, a control character, or what would decode once more.
  if (/%2f|%5c/i.test(raw) || path.includes('\\') || hasControl(path) || /%[0-9a-f]{2}/i.test(path))
    return null
  const segments = path.split('/').slice(1)
  const isOdd = (segment: string, index: number) =>
    segment === '.' || segment === '..' || (segment === '' && index < segments.length - 1)
  return segments.some(isOdd) ? null : path
}

function decode(raw: string): string | null {
  try {
    return decodeURIComponent(raw)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

const hasControl = (path: string) => [...path].some((character) => character < ' ' || character === '\u007f')
