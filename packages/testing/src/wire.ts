import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { CookieJar } from 'tough-cookie'

export interface WireRequest {
  readonly kind: 'navigation' | 'fetch'
  readonly method: string
  /** The addresses that redirects led through, the one to ask last. */
  readonly visited: readonly URL[]
  /** The page that caused the request; null when the user typed the address. */
  readonly initiator: URL | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/**
 * Sends single requests with the headers that a browser adds, and keeps the cookies that come back.
 *
 * Over node:http, since Node's fetch writes its own `Sec-Fetch-Mode: cors` over whatever it is given. One
 * connection for each request: a kept one may be gone when a test has restarted the server.
 */
export function createWire(jar: CookieJar) {
  const open = new Set<ClientRequest>()

  return {
    async send(wanted: WireRequest): Promise<IncomingMessage> {
      const target = targetOf(wanted)
      const cookie = await jar.getCookieString(target.href, { sameSiteContext: sameSiteContextOf(wanted) })
      const sent = request(target, {
        method: wanted.method,
        agent: false,
        headers: {
          'User-Agent': 'CurfewTestBrowser/1.0',
          'Accept-Language': 'en',
          ...metadataOf(wanted),
          ...(cookie === '' ? {} : { Cookie: cookie }),
          ...wanted.headers,
        },
      })
      open.add(sent)
      sent.once('close', () => open.delete(sent))
      sent.end(wanted.body)
      const [answer]: IncomingMessage[] = await once(sent, 'response')
      if (answer === undefined) throw new TypeError('a response event without a response')

      for (const line of answer.headers['set-cookie'] ?? []) {
        await jar.setCookie(line, target.href, {
          sameSiteContext: sameSiteContextOf(wanted),
          ignoreError: true,
        })
      }
      return answer
    },
    close() {
      for (const sent of open) sent.destroy()
    },
  }
}

/** @see W3C Fetch Metadata section 2, Fetch standard section 3.2 (Origin) */
function metadataOf(wanted: WireRequest): Record<string, string> {
  const { kind, method, initiator, visited } = wanted
  const target = targetOf(wanted)
  const crossedOrigins = visited.some(({ origin }) => origin !== initiator?.origin)
  const reads = method === 'GET' || method === 'HEAD'
  const sendsOrigin = initiator !== null && (!reads || (kind === 'fetch' && crossedOrigins))
  // A redirect from one foreign origin to another hides where it began.
  const tainted = visited
    .slice(0, -1)
    .some(({ origin }) => origin !== initiator?.origin && origin !== target.origin)
  return {
    'Sec-Fetch-Site': siteOf(wanted),
    ...(kind === 'navigation'
      ? { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-User': '?1' }
      : { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }),
    ...(kind === 'navigation' ? { 'Upgrade-Insecure-Requests': '1' } : {}),
    ...(sendsOrigin ? { Origin: tainted ? 'null' : initiator.origin } : {}),
  }
}

/** The farthest that any address on the way was from the page that caused it all. */
function siteOf({ initiator, visited }: WireRequest): 'none' | 'same-origin' | 'same-site' | 'cross-site' {
  if (initiator === null) return 'none'
  if (visited.some((url) => !isSameSite(url, initiator))) return 'cross-site'
  return visited.some(({ origin }) => origin !== initiator.origin) ? 'same-site' : 'same-origin'
}

/** RFC 6265bis section 5.2: which cookies go along. The initiator decides, not the redirects between. */
function sameSiteContextOf(wanted: WireRequest): 'strict' | 'lax' | 'none' {
  const { kind, method, initiator } = wanted
  if (initiator === null || isSameSite(targetOf(wanted), initiator)) return 'strict'
  return kind === 'navigation' && method === 'GET' ? 'lax' : 'none'
}

/** Ports don't count. Hosts are compared whole: tests have no subdomains that belong together. */
function isSameSite(a: URL, b: URL): boolean {
  return a.hostname === b.hostname && a.protocol === b.protocol
}

function targetOf({ visited }: WireRequest): URL {
  const target = visited.at(-1)
  if (target === undefined) throw new TypeError('a request without an address')
  return target
}
